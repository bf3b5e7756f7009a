//! Whole exchanges, and what happens to broken ones.

use proptest::prelude::*;

use super::*;
use crate::account::StretchCost;
use crate::hello::PLAIN_BINDING;

const WEAK: StretchCost = StretchCost::WEAK;

fn name(text: &str) -> UserName {
    text.parse().unwrap()
}

fn password(text: &str) -> Password {
    Password::parse(text).unwrap()
}

fn record(setup: &ServerSetup, user: &str, secret: &str) -> Vec<u8> {
    setup.record_for(&name(user), &password(secret), WEAK).unwrap()
}

/// Both halves of a login of alice; the client at its binding, the server at its own.
fn login(
    setup: &ServerSetup,
    record: Option<&[u8]>,
    secret: &str,
    bindings: [&[u8]; 2],
) -> Result<(SessionKey, SessionKey), ExchangeError> {
    let (client, request) = Login::start(&password(secret));
    let (server, response) = setup.login(&name("alice"), record, &request, bindings[1])?;
    let (finalization, key) = client.finish(&response, &name("alice"), WEAK, bindings[0])?;
    Ok((key, server.finish(&finalization)?))
}

const PLAIN: [&[u8]; 2] = [PLAIN_BINDING; 2];

#[test]
fn the_right_password_logs_in_and_both_sides_share_a_key() {
    let setup = ServerSetup::generate();
    let record = record(&setup, "alice", "correct horse");
    let setup = ServerSetup::from_bytes(&setup.to_bytes()).unwrap();
    let (client, server) = login(&setup, Some(&record), "correct horse", PLAIN).unwrap();
    assert_eq!(client, server);
    assert_eq!(record.len(), RECORD_BYTES);
}

#[test]
fn every_message_has_its_length() {
    let setup = ServerSetup::generate();
    let alice = name("alice");
    let (registration, request) = Registration::start(&password("correct horse"));
    let response = setup.register(&alice, &request).unwrap();
    assert_eq!((request.len(), response.len()), (REQUEST_BYTES, REGISTRATION_RESPONSE_BYTES));
    let upload = registration.finish(&response, &alice, WEAK).unwrap();
    assert_eq!(ServerSetup::record(&upload).unwrap(), upload);

    let (client, request) = Login::start(&password("correct horse"));
    assert_eq!(request.len(), CREDENTIAL_REQUEST_BYTES);
    let (_, response) = setup.login(&alice, Some(&upload), &request, PLAIN_BINDING).unwrap();
    assert_eq!(response.len(), CREDENTIAL_RESPONSE_BYTES);
    let (finalization, _) = client.finish(&response, &alice, WEAK, PLAIN_BINDING).unwrap();
    assert_eq!(finalization.len(), FINALIZATION_BYTES);
    assert_eq!(setup.to_bytes().len(), SETUP_BYTES);
}

#[test]
fn a_wrong_password_and_an_unknown_name_fail_alike() {
    let setup = ServerSetup::generate();
    let record = record(&setup, "alice", "correct horse");
    for (record, secret) in [(Some(record.as_slice()), "battery staple"), (None, "correct horse")] {
        let (client, request) = Login::start(&password(secret));
        let (server, response) =
            setup.login(&name("alice"), record, &request, PLAIN_BINDING).unwrap();
        assert_eq!(response.len(), CREDENTIAL_RESPONSE_BYTES);
        let failed = client.finish(&response, &name("alice"), WEAK, PLAIN_BINDING);
        assert_eq!(failed.unwrap_err(), ExchangeError::WrongPassword);
        let failed = server.finish(&[7; FINALIZATION_BYTES]);
        assert_eq!(failed.unwrap_err(), ExchangeError::WrongPassword);
    }
}

#[test]
fn an_unknown_name_gives_itself_away_in_no_repeated_part() {
    // The blinded element that comes back is a function of name and request, known or not.
    let setup = ServerSetup::generate();
    let known = record(&setup, "alice", "correct horse");
    let (_, request) = Login::start(&password("correct horse"));
    for record in [Some(known.as_slice()), None] {
        let answer = || setup.login(&name("alice"), record, &request, PLAIN_BINDING).unwrap().1;
        let (a, b) = (answer(), answer());
        assert_eq!(a[..32], b[..32]);
        assert_ne!(a[32..64], b[32..64]);
        assert_ne!(a[64..192], b[64..192]);
    }
}

#[test]
fn a_relayed_login_fails() {
    let setup = ServerSetup::generate();
    let record = record(&setup, "alice", "correct horse");
    for bindings in [[&[1_u8; 32][..], &[2; 32]], [PLAIN_BINDING, &[2; 32]]] {
        let failed = login(&setup, Some(&record), "correct horse", bindings);
        assert_eq!(failed.unwrap_err(), ExchangeError::WrongPassword);
    }
}

#[test]
fn a_record_is_worth_nothing_under_another_name_setup_or_cost() {
    let setup = ServerSetup::generate();
    let bobs = record(&setup, "bob", "correct horse");
    let elsewhere = record(&ServerSetup::generate(), "alice", "correct horse");
    let dearer = StretchCost { log_n: 5, r: 8, p: 1 };
    let dear = setup.record_for(&name("alice"), &password("correct horse"), dearer).unwrap();
    for record in [bobs, elsewhere, dear] {
        let failed = login(&setup, Some(&record), "correct horse", PLAIN);
        assert_eq!(failed.unwrap_err(), ExchangeError::WrongPassword);
    }
}

#[test]
fn passwords_are_normalised_and_checked() {
    assert_eq!(password("Zoe\u{308}12345678").as_bytes(), password("Zo\u{eb}12345678").as_bytes());
    let refused = |text: &str| Password::parse(text).unwrap_err();
    assert_eq!(refused("123456789"), PasswordError::TooShort);
    assert_eq!(refused("e\u{308}23456789"), PasswordError::TooShort);
    assert_eq!(refused("1234567890\n"), PasswordError::ControlCharacter);
    assert_eq!(refused(&"a".repeat(MAX_PASSWORD_BYTES + 1)), PasswordError::TooLong);
    assert!(Password::parse(&"a".repeat(MAX_PASSWORD_BYTES)).is_ok());
    assert_eq!(format!("{:?}", password("correct horse")), "Password(..)");
}

#[test]
fn clients_refuse_absurd_costs_before_any_work() {
    let (client, _) = Login::start(&password("correct horse"));
    let cost = StretchCost { log_n: 40, r: 8, p: 1 };
    let failed = client.finish(&[0; CREDENTIAL_RESPONSE_BYTES], &name("alice"), cost, &[]);
    assert_eq!(failed.unwrap_err(), ExchangeError::Stretch(StretchError::Absurd));
    let ok = [(17, 8, 1), (18, 8, 1), (20, 8, 1), (17, 8, 16), (17, 32, 1), (4, 8, 1)];
    let absurd = [
        (0, 8, 1),
        (17, 0, 1),
        (17, 8, 0),
        (21, 1, 1),
        (20, 9, 1),
        (17, 33, 1),
        (17, 8, 17),
        (u32::MAX, u32::MAX, u32::MAX),
    ];
    let check = |(log_n, r, p)| StretchCost { log_n, r, p }.check_client();
    assert_eq!(ok.map(check), [Ok(()); 6]);
    assert_eq!(absurd.map(check), [Err(StretchError::Absurd); 8]);
}

#[test]
fn costs_are_compared_by_their_work() {
    let cost = |log_n, r, p| StretchCost { log_n, r, p };
    assert!(cost(18, 8, 1).is_dearer_than(&StretchCost::OWASP));
    assert!(cost(17, 8, 2).is_dearer_than(&StretchCost::OWASP));
    assert!(!StretchCost::OWASP.is_dearer_than(&StretchCost::OWASP));
    assert!(!cost(16, 8, 2).is_dearer_than(&StretchCost::OWASP));
}

#[test]
fn unknown_names_get_a_cost_in_use_whatever_its_place_in_the_list() {
    let setup = ServerSetup::generate();
    let mut in_use = [14, 15, 16].map(|log_n| StretchCost { log_n, r: 8, p: 1 });
    let names: Vec<UserName> = (0..64).map(|n| name(&format!("user{n}"))).collect();
    let costs = |in_use: &[StretchCost]| {
        names.iter().map(|n| setup.cost_for_unknown(n, in_use)).collect::<Vec<_>>()
    };
    let before = costs(&in_use);
    for cost in &in_use {
        assert!(before.contains(cost));
    }
    in_use.reverse();
    assert_eq!(costs(&in_use), before);
    assert_eq!(setup.cost_for_unknown(&names[0], &[]), StretchCost::OWASP);
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_errors_and_never_panics(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        pick in 0..6_usize,
    ) {
        let sizes = [REQUEST_BYTES, REGISTRATION_RESPONSE_BYTES, CREDENTIAL_REQUEST_BYTES,
            CREDENTIAL_RESPONSE_BYTES, FINALIZATION_BYTES, RECORD_BYTES];
        let mut fitted = bytes.clone();
        fitted.resize(sizes[pick], 0);
        let setup = ServerSetup::generate();
        let alice = name("alice");
        let secret = password("correct horse");
        for bytes in [bytes, fitted] {
            let _ = setup.register(&alice, &bytes);
            let _ = ServerSetup::record(&bytes);
            let _ = ServerSetup::from_bytes(&bytes);
            let _ = setup.login(&alice, Some(&bytes), &bytes, &bytes);
            // Two arbitrary points are a response: there is nothing in it yet to be proved.
            let _ = Registration::start(&secret).0.finish(&bytes, &alice, WEAK);
            let (client, request) = Login::start(&secret);
            prop_assert!(client.finish(&bytes, &alice, WEAK, &bytes).is_err());
            let _ = setup.login(&alice, Some(&bytes), &request, &bytes);
            let (server, _) = setup.login(&alice, None, &request, &bytes).unwrap();
            prop_assert!(server.finish(&bytes).is_err());
        }
    }

    #[test]
    fn a_login_with_one_bit_flipped_fails(at in 0..CREDENTIAL_RESPONSE_BYTES, bit in 0..8_u32) {
        let setup = ServerSetup::generate();
        let record = record(&setup, "alice", "correct horse");
        let (client, request) = Login::start(&password("correct horse"));
        let (_, mut response) =
            setup.login(&name("alice"), Some(&record), &request, PLAIN_BINDING).unwrap();
        response[at] ^= 1_u8 << bit;
        prop_assert!(client.finish(&response, &name("alice"), WEAK, PLAIN_BINDING).is_err());
    }
}
