//! Getting in, and the many ways not to: usage, connection, trust.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;

use parlor_protocol::refusal::Code;

use crate::harness::Home;
use crate::server::{Server, public_line, refused};
use crate::terminal::Terminal;

#[test]
fn wrong_usage_exits_2() {
    let home = Home::new();
    fs::write(home.path("bad.toml"), "\nprot = 1\n").unwrap();
    let bad = home.path("bad.toml");
    let rows: [(&[&str], &str); 6] = [
        (&[], "Usage"),
        (&["chat", "dance"], "dance"),
        (&["-o", "Port=x", "chat", "rooms"], "not a port"),
        (&["-F", bad.to_str().unwrap(), "chat", "rooms"], "bad.toml:2: unknown key \"prot\""),
        (&["-F", "/nonexistent", "chat", "rooms"], "cannot read /nonexistent"),
        (&["-l", "1x", "chat", "rooms"], "user name"),
    ];
    for (arguments, fault) in rows {
        let done = home.run(arguments);
        assert_eq!(done.status, Some(2), "{arguments:?}: {done:?}");
        assert!(done.err.contains(fault), "{arguments:?}: {done:?}");
        assert_eq!(done.out, "");
    }
}

#[test]
fn no_connection_exits_255() {
    let home = Home::new();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let done = home.run(&[&free, "rooms"]);
    assert_eq!(done.status, Some(255), "{done:?}");
    assert!(done.err.contains("is parlord running there?"), "{done:?}");
}

#[test]
fn silent_and_foreign_servers_are_given_up() {
    let home = Home::new();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let done = home.run(&["-o", "ConnectTimeout=1", &address, "rooms"]);
    assert_eq!(done.status, Some(255), "{done:?}");
    assert!(done.err.contains("did not answer within 1 s"), "{done:?}");

    let foreign = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = foreign.local_addr().unwrap().to_string();
    let thread = std::thread::spawn(move || {
        let (mut tcp, _) = foreign.accept().unwrap();
        tcp.write_all(b"SSH-2.0-OpenSSH_9.9\r\n").unwrap();
        let _ = tcp.read_to_end(&mut Vec::new());
    });
    let done = home.run(&[&address, "rooms"]);
    assert_eq!(done.status, Some(255), "{done:?}");
    assert!(done.err.contains("no TLS with 127.0.0.1"), "{done:?}");
    thread.join().unwrap();
}

#[test]
fn changed_key_exits_255_before_the_first_byte_under_every_setting() {
    for strict in ["ask", "accept-new", "yes", "no"] {
        let (said, heard) = mpsc::channel();
        let server =
            Server::play(1, move |_, conversation| said.send(conversation.rest()).unwrap());
        let home = Home::new();
        home.know(&server, &public_line([9; 32]));
        let before = fs::read_to_string(home.known_hosts()).unwrap();
        let option = format!("StrictHostKeyChecking={strict}");
        let to = format!("127.0.0.1:{}", server.port);
        let done = home.run(&["-o", &option, &to, "rooms"]);
        assert_eq!(done.status, Some(255), "{done:?}");
        assert!(done.err.contains("REMOTE HOST IDENTIFICATION HAS CHANGED!"), "{done:?}");
        assert!(done.err.contains("known_hosts:1"), "{done:?}");
        assert!(done.err.ends_with("Host key verification failed.\n"), "{done:?}");
        assert_eq!(heard.recv().unwrap(), b"");
        assert_eq!(fs::read_to_string(home.known_hosts()).unwrap(), before);
        server.finish();
    }
}

#[test]
fn unknown_key_without_anybody_to_ask_exits_255_before_the_first_byte() {
    for options in [
        ["BatchMode=yes", "StrictHostKeyChecking=ask"],
        ["BatchMode=no", "StrictHostKeyChecking=yes"],
    ] {
        let (said, heard) = mpsc::channel();
        let server =
            Server::play(1, move |_, conversation| said.send(conversation.rest()).unwrap());
        let home = Home::new();
        let to = format!("127.0.0.1:{}", server.port);
        let done = home.run(&["-o", options[0], "-o", options[1], &to, "rooms"]);
        assert_eq!(done.status, Some(255), "{done:?}");
        assert!(done.err.starts_with("No ED25519 host key is known for [127.0.0.1]:"), "{done:?}");
        assert_eq!(heard.recv().unwrap(), b"");
        assert!(!home.known_hosts().exists());
        server.finish();
    }
}

#[test]
fn accept_new_remembers_the_key() {
    let server = Server::play(2, |_, mut conversation| {
        conversation.log_in();
        conversation.rest();
    });
    let home = Home::new();
    let (key, to) = (home.path("id"), format!("bob@127.0.0.1:{}", server.port));
    let key = key.to_str().unwrap();
    let done = home.run(&["-i", key, "-o", "StrictHostKeyChecking=accept-new", &to, "whoami"]);
    assert_eq!((done.status, done.out.as_str()), (Some(0), "bob\n"), "{done:?}");
    let line = format!("[127.0.0.1]:{} {}\n", server.port, server.public_line);
    assert_eq!(fs::read_to_string(home.known_hosts()).unwrap(), line);
    let done = home.run(&["-i", key, "-o", "StrictHostKeyChecking=yes", &to, "whoami"]);
    assert_eq!((done.status, done.err.as_str()), (Some(0), ""), "{done:?}");
    server.finish();
}

#[test]
fn refused_login_exits_255_and_asks_nobody() {
    let server = Server::play(1, |_, mut conversation| {
        conversation.greet();
        conversation.answers([refused(Code::Disabled)]);
        conversation.rest();
    });
    let home = Home::new();
    let done = home.at(&server, &["--json", "whoami"]);
    assert_eq!(done.status, Some(255), "{done:?}");
    assert!(done.err.starts_with("{\"type\":\"refused\",\"code\":\"disabled\","), "{done:?}");
    server.finish();
}

#[test]
fn key_that_is_not_taken_without_a_password_exits_255() {
    let server = Server::play(1, |_, mut conversation| {
        conversation.greet();
        conversation.answers([refused(Code::BadCredentials)]);
        conversation.rest();
    });
    let home = Home::new();
    let done = home.at(&server, &["whoami"]);
    assert_eq!(done.status, Some(255), "{done:?}");
    assert!(done.err.contains("a password is needed and there is nobody to ask"), "{done:?}");
    server.finish();
}

#[test]
fn first_contact_is_asked_at_the_terminal() {
    let server = Server::play(2, |number, mut conversation| {
        if number == 1 {
            conversation.log_in();
        }
        conversation.rest();
    });
    let home = Home::new();
    let key = home.path("id");
    let to = format!("alice@127.0.0.1:{}", server.port);
    let mut terminal = Terminal::run(&home, &["-i", key.to_str().unwrap(), &to, "whoami"]);
    terminal.until("The authenticity of host '[127.0.0.1]:");
    terminal.until("(yes/no/[fingerprint])? ");
    terminal.enter("yes");
    terminal.until("Warning: Permanently added");
    terminal.until("alice\r\n");
    assert!(terminal.succeeds());
    server.finish();
}
