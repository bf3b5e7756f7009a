//! What a scraper reads, and that the dashboard asks for nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use parlor_protocol::refusal::Code;
use serde_json::Value;

use crate::harness::{Daemon, PATIENCE};

const LISTENING: &str = "sign_up = \"open\"\n[metrics]\nlisten = \"127.0.0.1:0\"\n";

/// What is answered to these bytes, until the connection is closed.
fn ask(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Every sample of a scrape, by its name and labels.
fn scrape(daemon: &Daemon) -> BTreeMap<String, f64> {
    let address = daemon.said.metrics.unwrap();
    let answer = ask(address, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())), "{head}");
    let samples = body.lines().filter(|line| !line.starts_with('#'));
    let samples = samples.map(|line| {
        let (name, value) = line.rsplit_once(' ').unwrap();
        (name.to_owned(), value.parse().unwrap())
    });
    samples.collect()
}

/// The names of metrics that a text speaks of.
fn names(text: &str) -> BTreeSet<String> {
    let words = text.split(|char: char| !char.is_ascii_alphanumeric() && char != '_');
    words.filter(|word| word.starts_with("parlord_")).map(str::to_owned).collect()
}

#[test]
fn a_scrape_tells_what_has_happened() {
    let daemon = Daemon::configured(LISTENING);
    let before = scrape(&daemon);
    let [mut alice, mut bob] = ["alice", "bob"].map(|name| daemon.user(name));
    let room = alice.create("ops").unwrap();
    bob.join(room).unwrap();
    for text in ["one", "two", "three"] {
        alice.say(room, text).unwrap();
    }
    assert_eq!(bob.rename(room, "mine"), Err(Code::NotPermitted));
    alice.all_history(room);
    bob.settle();
    let after = scrape(&daemon);
    let grown = |name: &str| after[name] - before.get(name).copied().unwrap_or(0.0);
    let command = |command: &str, outcome: &str| {
        grown(&format!("parlord_commands_total{{command=\"{command}\",outcome=\"{outcome}\"}}"))
    };
    for (name, expected) in [
        ("parlord_sessions", 2.0),
        ("parlord_connections", 2.0),
        ("parlord_users", 2.0),
        ("parlord_users_online", 2.0),
        ("parlord_rooms", 1.0),
        ("parlord_limited", 0.0),
        ("parlord_slow_consumers_total", 0.0),
        ("parlord_outbox_bytes", 0.0),
    ] {
        assert_eq!(grown(name), expected, "{name}");
    }
    assert_eq!(after["parlord_build_info{version=\"0.1.0\"}"], 1.0);
    assert_eq!(command("sign-up", "done"), 2.0);
    assert_eq!(command("send", "done"), 3.0);
    assert_eq!(command("rename", "not-permitted"), 1.0);
    assert!(command("look-up", "done") >= 1.0);
    // Each message reached both, and so did bob's joining.
    assert!(grown("parlord_deliveries_total") >= 8.0);
    // Two have signed up, a room was made and joined, and three messages sent, one after another.
    assert!(grown("parlord_commit_seconds_count") >= 7.0);
    assert!(grown("parlord_commit_seconds_sum") > 0.0);
    assert!(grown("parlord_commit_events_sum") >= 8.0);
    let all = "parlord_commit_seconds_bucket{le=\"+Inf\"}";
    assert_eq!(after[all], after["parlord_commit_seconds_count"]);
    assert!(grown("parlord_audit_records_total") >= 4.0);
    assert!(after["parlord_audit_lag_records"] <= after["parlord_audit_records_total"]);
    assert!(after["parlord_wal_bytes"] > 0.0 && after["parlord_free_bytes"] > 0.0);
}

#[test]
fn every_metric_that_the_dashboard_queries_is_in_a_scrape_and_the_other_way_round() {
    let daemon = Daemon::configured(LISTENING);
    daemon.user("alice");
    let scraped: BTreeSet<String> =
        scrape(&daemon).keys().map(|name| name.split('{').next().unwrap().to_owned()).collect();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../packaging/grafana.json");
    let dashboard: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap());
    let queries: Vec<&str> = targets.map(|target| target["expr"].as_str().unwrap()).collect();
    assert!(queries.len() > 15);
    let queried: BTreeSet<String> = queries.iter().flat_map(|query| names(query)).collect();
    assert_eq!(queried, scraped);
    let variables = dashboard["templating"]["list"].to_string();
    assert!(names(&variables).is_subset(&scraped));
}

#[test]
fn what_is_no_scrape_is_told_so_and_harms_nobody() {
    let daemon = Daemon::configured(LISTENING);
    let address = daemon.said.metrics.unwrap();
    for (request, expected) in [
        ("GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 404 "),
        ("GET /metrics/x HTTP/1.1\r\n\r\n", "HTTP/1.1 404 "),
        ("POST /metrics HTTP/1.1\r\n\r\n", "HTTP/1.1 400 "),
        ("\r\n\r\n", "HTTP/1.1 400 "),
    ] {
        assert!(ask(address, request).starts_with(expected), "{request}");
    }
    // More than a request may have is cut off unanswered.
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let _cut = stream.write_all(&[b'x'; 20_000]);
    let mut answer = vec![];
    let _reset = stream.read_to_end(&mut answer);
    assert_eq!(answer, b"");
    // Silent ones go when others come, and so do those that begin and go no further.
    let silent = [(); 300].map(|()| TcpStream::connect(address).unwrap());
    for mut stream in silent.iter().step_by(2) {
        let _gone_already = stream.write_all(b"GET /me");
    }
    daemon.user("alice").create("ops").unwrap();
    assert_eq!(scrape(&daemon)["parlord_rooms"], 1.0);
    drop(silent);
    assert_eq!(scrape(&daemon)["parlord_rooms"], 1.0);
}

#[test]
fn nobody_listens_for_scrapers_unasked() {
    assert_eq!(Daemon::start().said.metrics, None);
}
