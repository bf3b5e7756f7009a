//! Configuration files that are good, and what is said about those that are not.

use std::path::Path;

use super::*;

fn here() -> Surroundings {
    Surroundings {
        system_config: "/nonexistent/parlord.toml".into(),
        state_directory: None,
        data_home: Some("/home/alice/.local/share".into()),
    }
}

fn load_text(text: &str) -> Result<Config, ConfigError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("parlord.toml");
    fs::write(&path, text).unwrap();
    Config::load(&Overrides { config: Some(path), ..Overrides::default() }, &here())
}

/// What is said, without the directory of the file.
fn fault(text: &str) -> String {
    let said = load_text(text).unwrap_err().to_string();
    said.split_once("/parlord.toml ").unwrap().1.to_owned()
}

#[test]
fn without_a_file_the_daemon_is_open_on_loopback() {
    let config = Config::load(&Overrides::default(), &here()).unwrap();
    assert_eq!(config.listen.tls, Tls::Loopback);
    let addresses: Vec<_> = config.listen.tls.addresses().iter().map(ToString::to_string).collect();
    assert_eq!(addresses, ["127.0.0.1:7667", "[::1]:7667"]);
    assert_eq!(config.sign_up, SignUpMode::Open);
    assert_eq!(config.data, Path::new("/home/alice/.local/share/parlord"));
    assert_eq!((config.file, config.data_named), (None, DataNamed::ByDefault));
}

#[test]
fn sign_up_is_closed_with_any_file_and_beyond_loopback() {
    let without_file = |listen: &[&str]| {
        let listen = listen.iter().map(|address| address.parse().unwrap()).collect();
        Config::load(&Overrides { listen, ..Overrides::default() }, &here()).unwrap().sign_up
    };
    assert_eq!(without_file(&["127.0.0.1:0", "[::1]:0"]), SignUpMode::Open);
    assert_eq!(without_file(&["127.0.0.1:0", "192.0.2.1:7667"]), SignUpMode::Closed);
    assert_eq!(without_file(&["[::]:7667"]), SignUpMode::Closed);
    assert_eq!(load_text("").unwrap().sign_up, SignUpMode::Closed);
    let open = load_text("accounts.sign_up = 'open'\nlisten.tls = ['[::]:7667']").unwrap();
    assert_eq!(open.sign_up, SignUpMode::Open);
}

#[test]
fn a_file_that_is_named_must_exist() {
    let overrides =
        Overrides { config: Some("/nonexistent/x.toml".into()), ..Overrides::default() };
    let said = Config::load(&overrides, &here()).unwrap_err().to_string();
    assert!(said.starts_with("cannot read the configuration /nonexistent/x.toml: "), "{said}");
}

#[test]
fn the_data_directory_is_decided_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("parlord.toml");
    fs::write(&path, "data = 'store'").unwrap();
    let bare = here();
    let system = Surroundings { system_config: path.clone(), ..here() };
    let systemd =
        Surroundings { state_directory: Some("/var/lib/a:/var/lib/b".into()), ..system.clone() };
    let homeless = Surroundings { data_home: None, ..here() };
    let none = Overrides::default();
    let flag = Overrides { data: Some("elsewhere".into()), ..Overrides::default() };
    let file = Overrides { config: Some(path), ..Overrides::default() };
    let data = |overrides, here| Config::load(overrides, here).map(|config| config.data).ok();
    for (overrides, here, expected) in [
        (&none, &bare, Some("/home/alice/.local/share/parlord".into())),
        (&none, &system, Some(dir.path().join("store"))),
        (&file, &bare, Some(dir.path().join("store"))),
        (&none, &systemd, Some("/var/lib/a".into())),
        (&file, &systemd, Some("/var/lib/a".into())),
        (&flag, &systemd, Some("elsewhere".into())),
        (&flag, &homeless, Some("elsewhere".into())),
        (&none, &homeless, None),
    ] {
        assert_eq!(data(overrides, here), expected, "{overrides:?} {here:?}");
    }
}

#[test]
fn the_command_line_replaces_the_tls_listeners_only() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("parlord.toml");
    fs::write(&path, "[listen]\ntls = ['[::]:1']\nplain = ['127.0.0.1:2']\nunix = ['sock']")
        .unwrap();
    let listen = vec!["127.0.0.1:0".parse().unwrap()];
    let overrides = Overrides { config: Some(path), listen: listen.clone(), data: None };
    let config = Config::load(&overrides, &here()).unwrap();
    assert_eq!(
        config.listen,
        Listen {
            tls: Tls::Named(listen),
            plain: vec!["127.0.0.1:2".parse().unwrap()],
            unix: vec![dir.path().join("sock")],
        }
    );
}

#[test]
fn every_fault_is_told_with_its_line() {
    for (text, expected) in [
        (
            "colour = 1",
            "line 1: unknown field `colour`, expected one of `data`, `log`, `server`, `listen`, `accounts`, `limits`, `retention`, `audit`, `metrics`",
        ),
        (
            "\n[limits]\nconections = 5",
            "line 3: unknown field `conections`, expected one of `connections`, `connections_per_address`, `strangers_per_minute`, `login_timeout_secs`, `loopback_exempt`, `login_penalty_secs`, `login_penalty_secs_max`, `messages_burst`, `messages_per_sec`, `rooms_per_hour`, `adds_per_hour`, `invites_per_hour`, `requests_per_hour`, `probes_per_hour`",
        ),
        ("[limits]\nconnections = 0", "line 2: 0 is not between 1 and 1000000"),
        ("[limits]\nlogin_timeout_secs = 601", "line 2: 601 is not between 1 and 600"),
        ("[limits]\nlogin_penalty_secs = 0", "line 2: 0 is not between 1 and 86400"),
        ("[limits]\nmessages_burst = 0", "line 2: 0 is not between 1 and 1000000"),
        ("[limits]\nrooms_per_hour = 99", "line 2: 99 is not between 100 and 1000000"),
        ("[retention]\nassociations_days = 0", "line 2: 0 is not between 1 and 36500"),
        ("[audit]\nfile_bytes = 100", "line 2: 100 is not between 4096 and 268435456"),
        ("[audit]\nfiles_kept = 0", "line 2: 0 is not between 1 and 10000"),
        ("[server]\n\nshards = 65", "line 3: 65 is not between 1 and 64"),
        ("[server]\nname = ''", "line 2: has nothing visible in it"),
        ("[server]\nname = \"a\\u001bb\"", "line 2: has U+001B, which is not allowed"),
        ("[listen]\ntls = ['localhost:7667']", "line 2: invalid socket address syntax"),
        (
            "[listen]\nplain = [\n'127.0.0.1:1',\n'0.0.0.0:2']",
            "line 4: 0.0.0.0:2 is beyond loopback and everything on it could be read; listen there with TLS, or say plain_beyond_loopback = true",
        ),
        (
            "[metrics]\nlisten = '0.0.0.0:9667'",
            "line 2: 0.0.0.0:9667 is beyond loopback and anyone there could read the metrics; have a scraper on this machine, or say beyond_loopback = true",
        ),
        (
            "[accounts]\nsign_up = 'ajar'",
            "line 2: unknown variant `ajar`, expected one of `closed`, `code`, `approval`, `open`",
        ),
        (
            "[accounts]\nstretch = { log_n = 30 }",
            "line 2: the server's password stretching is too costly",
        ),
        (
            "[accounts.stretch]\nn = 3",
            "line 2: unknown field `n`, expected one of `log_n`, `r`, `p`",
        ),
        ("a = \"\u{1b}", "line 1: invalid basic string, expected `\"`"),
    ] {
        assert_eq!(fault(text), expected, "{text}");
    }
}

#[test]
fn plain_tcp_beyond_loopback_is_allowed_by_name() {
    let config =
        load_text("[listen]\nplain = ['0.0.0.0:2']\nplain_beyond_loopback = true").unwrap();
    assert_eq!(config.listen.plain, ["0.0.0.0:2".parse().unwrap()]);
}

#[test]
fn metrics_beyond_loopback_are_allowed_by_name() {
    let text = "[metrics]\nlisten = '0.0.0.0:9667'\nbeyond_loopback = true";
    assert_eq!(load_text(text).unwrap().metrics, Some("0.0.0.0:9667".parse().unwrap()));
    assert_eq!(load_text("").unwrap().metrics, None);
}

#[cfg(not(debug_assertions))]
#[test]
fn weak_stretching_is_refused_in_release_builds() {
    assert_eq!(
        fault("accounts.stretch.log_n = 16"),
        "line 1: the server's password stretching is too weak"
    );
}

/// The keys of the shipped file that are commented out stand there with their defaults.
#[test]
fn the_shipped_file_documents_every_key_with_its_default() {
    let shipped = include_str!("../../../config/parlord.toml");
    let told: String = shipped
        .lines()
        .map(|line| line.strip_prefix('#').filter(|key| !key.starts_with(' ')).unwrap_or(line))
        .fold(String::new(), |text, line| text + line + "\n");
    let named: toml::Table = told.parse().unwrap();
    let keys = |table: &str| named[table].as_table().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys("server"), ["motd", "name", "shards"]);
    assert_eq!(keys("listen"), ["plain", "plain_beyond_loopback", "tls", "unix"]);
    assert_eq!(keys("accounts"), ["sign_up", "stretch"]);
    assert_eq!(
        keys("limits"),
        [
            "adds_per_hour",
            "connections",
            "connections_per_address",
            "invites_per_hour",
            "login_penalty_secs",
            "login_penalty_secs_max",
            "login_timeout_secs",
            "loopback_exempt",
            "messages_burst",
            "messages_per_sec",
            "probes_per_hour",
            "requests_per_hour",
            "rooms_per_hour",
            "strangers_per_minute"
        ]
    );
    assert_eq!(keys("retention"), ["associations_days", "notifications_days", "terminated_days"]);
    assert_eq!(keys("audit"), ["file_bytes", "file_days", "files_kept"]);
    assert_eq!(keys("metrics"), ["beyond_loopback", "listen"]);
    let told = load_text(&told).unwrap();
    // These three have no default, and stand there as examples.
    let named = "data = '/var/lib/parlord'\nlog = '/etc/parlord/log4rs.yaml'\n\
                 [metrics]\nlisten = '127.0.0.1:9667'";
    let defaults = load_text(named).unwrap();
    let tls = Tls::Named(Tls::Loopback.addresses());
    let listen = Listen { tls, ..defaults.listen };
    assert_eq!(told, Config { file: told.file.clone(), listen, ..defaults });
}
