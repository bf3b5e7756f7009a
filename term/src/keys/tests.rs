//! Keys of our own making and of ssh-keygen's, and processes that race for one.

use std::process::Command;

use ring::signature::{ED25519, UnparsedPublicKey};

use super::*;

fn server(byte: u8) -> HostKey {
    let mut spki = vec![0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    spki.extend([byte; 32]);
    HostKey::from_spki(&spki).unwrap()
}

fn user(name: &str) -> UserName {
    name.parse().unwrap()
}

#[test]
fn key_is_made_once_per_server_and_user() {
    let dir = tempfile::tempdir().unwrap();
    let keys = KeyStore::new(dir.path().join("keys"));
    assert!(keys.load(&server(1), &user("alice")).unwrap().is_none());
    let made = keys.load_or_create(&server(1), &user("alice")).unwrap().public();
    assert_eq!(keys.load(&server(1), &user("alice")).unwrap().unwrap().public(), made);
    assert_eq!(keys.load_or_create(&server(1), &user("alice")).unwrap().public(), made);
    assert_ne!(keys.load_or_create(&server(1), &user("bob")).unwrap().public(), made);
    assert!(keys.load(&server(2), &user("alice")).unwrap().is_none());
}

#[test]
fn key_is_for_its_user_alone_and_nothing_else_is_left() {
    let dir = tempfile::tempdir().unwrap();
    let keys = KeyStore::new(dir.path().join("keys"));
    keys.load_or_create(&server(1), &user("alice")).unwrap();
    let path = keys.path(&server(1), &user("alice"));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn whoever_loses_the_race_uses_the_winners_key() {
    let dir = tempfile::tempdir().unwrap();
    let keys = KeyStore::new(dir.path().to_owned());
    let publics: Vec<_> = std::thread::scope(|scope| {
        let racers: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| keys.load_or_create(&server(1), &user("alice")).unwrap()))
            .collect();
        racers.into_iter().map(|racer| racer.join().unwrap().public()).collect()
    });
    assert!(publics.iter().all(|public| *public == publics[0]));
    assert_eq!(
        fs::read_dir(keys.path(&server(1), &user("x1")).parent().unwrap()).unwrap().count(),
        1
    );
}

#[test]
fn signature_is_over_the_login_message() {
    let dir = tempfile::tempdir().unwrap();
    let key =
        KeyStore::new(dir.path().to_owned()).load_or_create(&server(1), &user("alice")).unwrap();
    let signature = key.sign_login(&user("alice"), &Bytes([3; 32]), &[4; 32]);
    let message = device_login_message(&user("alice"), &Bytes([3; 32]), &[4; 32]);
    let public = UnparsedPublicKey::new(&ED25519, key.public().0);
    assert!(public.verify(&message, &signature.0).is_ok());
}

#[test]
fn keys_of_ssh_keygen_are_read_or_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let rows = [
        ("plain", &["-t", "ed25519", "-N", ""], None),
        ("locked", &["-t", "ed25519", "-N", "secret"], Some("passphrase")),
        ("ecdsa", &["-t", "ecdsa", "-N", ""], Some("cannot be used")),
    ];
    for (name, arguments, fault) in rows {
        let path = dir.path().join(name);
        let made = Command::new("ssh-keygen").args(arguments).arg("-qf").arg(&path).status();
        assert!(made.unwrap().success());
        match (DeviceKey::read(&path), fault) {
            (Ok(_), None) => {}
            (Err(error), Some(fault)) => assert!(error.to_string().contains(fault), "{error}"),
            (outcome, _) => panic!("{name}: {outcome:?}"),
        }
    }
    let path = dir.path().join("plain");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(DeviceKey::read(&path), Err(KeyError::Exposed { .. })));
}
