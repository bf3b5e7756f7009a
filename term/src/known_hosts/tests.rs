//! Lines as ssh writes them, and files as users leave them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::*;

const KEY_LINE: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

fn key() -> HostKey {
    HostKey::from_openssh(&KEY_LINE.parse().unwrap()).unwrap()
}

fn other() -> HostKey {
    let mut spki = vec![0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    spki.extend([9; 32]);
    HostKey::from_spki(&spki).unwrap()
}

struct Files {
    dir: tempfile::TempDir,
    known: KnownHosts,
}

impl Files {
    fn with(text: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("known_hosts");
        fs::write(&path, text).unwrap();
        Self { known: KnownHosts::new(vec![path]), dir }
    }

    fn text(&self) -> String {
        fs::read_to_string(self.dir.path().join("known_hosts")).unwrap()
    }

    fn standing(&self, name: &str) -> Standing {
        self.known.standing(name, &key()).unwrap()
    }

    fn line(&self, line: usize) -> Place {
        Place { file: self.dir.path().join("known_hosts"), line }
    }
}

fn unknown() -> Standing {
    Standing::Unknown { others: Vec::new() }
}

#[test]
fn names_carry_the_port_unless_it_is_the_default() {
    assert_eq!(host_name("Chat.Example.ORG", 7667), "chat.example.org");
    assert_eq!(host_name("chat", 22), "[chat]:22");
    assert_eq!(host_name("::1", 7667), "::1");
    assert_eq!(host_name("::1", 7668), "[::1]:7668");
}

#[test]
fn key_is_known_under_its_name_alone() {
    let files = Files::with(&format!("chat,192.0.2.1 {KEY_LINE} a comment\n"));
    assert_eq!(files.standing("chat"), Standing::Known);
    assert_eq!(files.standing("192.0.2.1"), Standing::Known);
    let others = vec![(files.line(1), "chat,192.0.2.1".to_owned())];
    assert_eq!(files.standing("[chat]:22"), Standing::Unknown { others });
}

#[test]
fn another_key_under_the_name_is_a_change() {
    let line = other().to_line();
    let files = Files::with(&format!("# a comment\n\nchat {line}\n"));
    assert_eq!(files.standing("chat"), Standing::Changed(files.line(3)));
    assert_eq!(files.standing("elsewhere"), unknown());
}

#[test]
fn a_match_beats_a_mismatch_and_a_revocation_beats_both() {
    let line = other().to_line();
    let files = Files::with(&format!("chat {line}\nchat {KEY_LINE}\n"));
    assert_eq!(files.standing("chat"), Standing::Known);
    let files = Files::with(&format!("chat {KEY_LINE}\n@revoked chat {KEY_LINE}\n"));
    assert_eq!(files.standing("chat"), Standing::Revoked(files.line(2)));
    let files = Files::with(&format!("@revoked * {KEY_LINE}\n"));
    assert_eq!(files.standing("chat"), Standing::Revoked(files.line(1)));
}

#[test]
fn the_revocation_of_another_key_neither_helps_nor_hurts() {
    let line = other().to_line();
    let files = Files::with(&format!("@revoked chat {line}\nchat {KEY_LINE}\n"));
    assert_eq!(files.standing("chat"), Standing::Known);
    let files = Files::with(&format!("@revoked chat {line}\n"));
    assert_eq!(files.standing("chat"), unknown());
}

#[test]
fn a_certificate_authority_vouches_for_nobody() {
    let files = Files::with(&format!("@cert-authority chat {KEY_LINE}\n"));
    assert_eq!(files.standing("chat"), unknown());
}

#[test]
fn patterns_match_as_in_ssh() {
    let files = Files::with(&format!("*.example.org,!bad.example.org,h?st {KEY_LINE}\n"));
    assert_eq!(files.standing("a.example.org"), Standing::Known);
    assert_eq!(files.standing("host"), Standing::Known);
    assert_ne!(files.standing("bad.example.org"), Standing::Known);
    assert_ne!(files.standing("hoost"), Standing::Known);
    assert_ne!(files.standing("example.org"), Standing::Known);
}

#[test]
fn names_hashed_by_ssh_keygen_are_found() {
    let files = Files::with(&format!("chat {KEY_LINE}\n[chat]:22 {KEY_LINE}\n"));
    let path = files.dir.path().join("known_hosts");
    let hashed = Command::new("ssh-keygen").arg("-Hf").arg(&path).output().unwrap();
    assert!(hashed.status.success());
    assert!(files.text().starts_with("|1|"), "{}", files.text());
    assert_eq!(files.standing("chat"), Standing::Known);
    assert_eq!(files.standing("[chat]:22"), Standing::Known);
    let Standing::Unknown { others } = files.standing("elsewhere") else { panic!() };
    assert_eq!(others[0].1, "[hashed name]");
}

#[test]
fn our_lines_are_found_and_removed_by_ssh_keygen() {
    let files = Files::with("");
    files.known.add("[chat]:22", &key()).unwrap();
    let path = files.dir.path().join("known_hosts");
    let run = |flag| {
        Command::new("ssh-keygen").arg("-f").arg(&path).args([flag, "[chat]:22"]).output().unwrap()
    };
    let found = String::from_utf8(run("-F").stdout).unwrap();
    assert!(found.contains(KEY_LINE), "{found}");
    assert!(run("-R").status.success());
    assert_eq!(files.standing("[chat]:22"), unknown());
}

#[test]
fn adding_leaves_every_other_line_as_it_is() {
    let before = "# mine\nnonsense\n@new-marker chat ssh-ed25519 AAAA\n\
                  chat ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQC7 old\nlast ssh-ed25519 AA";
    let files = Files::with(before);
    assert_eq!(files.standing("chat"), unknown());
    files.known.add("chat", &key()).unwrap();
    assert_eq!(files.text(), format!("{before}\nchat {KEY_LINE}\n"));
    assert_eq!(files.standing("chat"), Standing::Known);
    files.known.add("[chat]:22", &key()).unwrap();
    assert_eq!(files.text(), format!("{before}\nchat {KEY_LINE}\n[chat]:22 {KEY_LINE}\n"));
}

#[test]
fn tabs_and_bytes_of_old_encodings_are_read_over() {
    let files = Files::with("");
    let path = files.dir.path().join("known_hosts");
    let mut text = b"# caf\xe9\n".to_vec();
    text.extend(format!("  chat\t{}  x\r\n", KEY_LINE.replace(' ', "\t ")).into_bytes());
    fs::write(path, text).unwrap();
    assert_eq!(files.standing("chat"), Standing::Known);
}

#[test]
fn missing_file_knows_nobody_and_is_made_for_the_user_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state/parlor/known_hosts");
    let known = KnownHosts::new(vec![path.clone()]);
    assert_eq!(known.standing("chat", &key()).unwrap(), unknown());
    assert!(!path.exists());
    known.add("chat", &key()).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert_eq!(known.standing("chat", &key()).unwrap(), Standing::Known);
}

#[test]
fn all_files_are_read_and_the_first_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let paths = ["a", "b"].map(|name| dir.path().join(name));
    fs::write(&paths[1], format!("chat {}\n", other().to_line())).unwrap();
    let known = KnownHosts::new(paths.to_vec());
    let place = Place { file: paths[1].clone(), line: 1 };
    assert_eq!(known.standing("chat", &key()).unwrap(), Standing::Changed(place));
    known.add("chat", &key()).unwrap();
    assert!(paths[0].exists());
    assert_eq!(known.standing("chat", &key()).unwrap(), Standing::Known);
}

#[test]
fn dev_null_remembers_nothing() {
    let known = KnownHosts::new(vec![PathBuf::from("/dev/null")]);
    known.add("chat", &key()).unwrap();
    assert_eq!(known.standing("chat", &key()).unwrap(), unknown());
}

#[test]
fn unreadable_file_is_an_error_and_not_an_empty_one() {
    let dir = tempfile::tempdir().unwrap();
    let known = KnownHosts::new(vec![dir.path().to_owned()]);
    let error = known.standing("chat", &key()).unwrap_err();
    assert!(error.to_string().starts_with("cannot read "), "{error}");
}

#[test]
fn clients_that_add_at_once_lose_no_line() {
    let files = Files::with("");
    std::thread::scope(|scope| {
        for n in 0..8 {
            let known = &files.known;
            scope.spawn(move || {
                for m in 0..20 {
                    known.add(&format!("host-{n}-{m}"), &key()).unwrap();
                }
            });
        }
    });
    let text = files.text();
    assert_eq!(text.lines().count(), 160);
    assert!(text.lines().all(|line| line.ends_with(KEY_LINE)));
}
