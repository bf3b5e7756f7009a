//! Configuration files that are good, and what is said about those that are not.

use std::fs;
use std::path::Path;

use super::*;

fn here() -> Surroundings {
    Surroundings {
        system_config: "/nonexistent/parlord.toml".into(),
        state_directory: None,
        data_home: Some("/home/alice/.local/share".into()),
        variables: BTreeMap::new(),
    }
}

pub(super) fn load_text(text: &str) -> Result<Config, ConfigError> {
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
    let overrides =
        Overrides { config: Some(path), listen: listen.clone(), ..Overrides::default() };
    let config = Config::load(&overrides, &here()).unwrap();
    assert_eq!(
        config.listen,
        Listen {
            tls: Tls::Named(listen),
            plain: vec!["127.0.0.1:2".parse().unwrap()],
            unix: vec![dir.path().join("sock")],
            plain_beyond_loopback: false,
        }
    );
}

/// What a file says, and what is said about it.
const FAULTS: &[(&str, &str)] = &[
    ("colour = 1", "line 1: there is no key colour; `parlord config show` lists all"),
    (
        "\n[limits]\nconections = 5",
        "line 3: there is no key limits.conections; did you mean limits.connections?",
    ),
    ("[limits]\nconnections = 0", "line 2: limits.connections: 0 is not between 1 and 1000000"),
    (
        "[limits]\nlogin_timeout_secs = 601",
        "line 2: limits.login_timeout_secs: 601 is not between 1 and 600",
    ),
    (
        "[limits]\nlogin_penalty_secs = 0",
        "line 2: limits.login_penalty_secs: 0 is not between 1 and 86400",
    ),
    (
        "[limits]\nmessages_burst = 0",
        "line 2: limits.messages_burst: 0 is not between 1 and 1000000",
    ),
    (
        "[limits]\nrooms_per_hour = 99",
        "line 2: limits.rooms_per_hour: 99 is not between 100 and 1000000",
    ),
    (
        "[retention]\nassociations_days = 0",
        "line 2: retention.associations_days: 0 is not between 1 and 36500",
    ),
    (
        "[audit]\nfile_bytes = 100",
        "line 2: audit.file_bytes: 100 is not between 4096 and 268435456",
    ),
    ("[audit]\nfiles_kept = 0", "line 2: audit.files_kept: 0 is not between 1 and 10000"),
    ("[server]\n\nshards = 65", "line 3: server.shards: 65 is not between 1 and 64"),
    ("[server]\nname = ''", "line 2: server.name: has nothing visible in it"),
    ("[server]\nname = \"a\\u001bb\"", "line 2: server.name: has U+001B, which is not allowed"),
    (
        "[listen]\ntls = ['localhost:7667']",
        "line 2: listen.tls takes addresses and ports, as in [\"127.0.0.1:7667\", \"[::1]:7667\"]",
    ),
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
        "line 2: accounts.sign_up takes \"closed\", \"code\", \"approval\" or \"open\"",
    ),
    (
        "[accounts]\nstretch = { log_n = 30 }",
        "line 2: accounts.stretch: the server's password stretching is too costly",
    ),
    (
        "[accounts.stretch]\nn = 3",
        "line 2: accounts.stretch: unknown field `n`, expected one of `log_n`, `r`, `p`",
    ),
    ("\nlimits = 3", "line 2: limits is a section: put its keys under a line with [limits]"),
    ("data = ''", "line 1: data: the path is empty; name one, or leave the key out"),
    ("log = ''", "line 1: log: the path is empty; name one, or leave the key out"),
    ("[listen]\ntls = [\n'127.0.0.1:1',\n'127.0.0.1:1']", "line 4: 127.0.0.1:1 is named twice"),
    (
        "listen.plain = ['127.0.0.1:1', '127.0.0.1:0', '127.0.0.1:0']\n\
             metrics.listen = '127.0.0.1:1'",
        "line 2: 127.0.0.1:1 is named twice",
    ),
    ("[listen]\nunix = ['']", "line 2: the path is empty; name one, or leave it out"),
    ("[listen]\nunix = [\n'/a/b',\n'/a/b']", "line 4: /a/b is named twice"),
    (
        "listen.tls = []",
        "line 1: there is nowhere to listen; name an address, or leave the key out",
    ),
    (
        "[limits]\nlogin_penalty_secs = 601",
        "line 2: limits.login_penalty_secs is more than limits.login_penalty_secs_max, which is 600",
    ),
    ("a = \"\u{1b}", "line 1: invalid basic string, expected `\"`"),
];

#[test]
fn every_fault_is_told_with_its_line() {
    for (text, expected) in FAULTS {
        assert_eq!(fault(text), *expected, "{text}");
    }
}

#[test]
fn a_socket_whose_path_is_too_long_is_told_with_its_line() {
    let longest = "x".repeat(if cfg!(target_os = "linux") { 106 } else { 102 });
    load_text(&format!("listen.unix = ['/{longest}']")).unwrap();
    let said = fault(&format!("\nlisten.unix = ['/{longest}x']"));
    let (before, behind) = (format!("line 2: /{longest}x has "), " at most");
    assert!(said.starts_with(&before) && said.ends_with(behind), "{said}");
}

#[test]
fn addresses_of_the_environment_collide_with_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("parlord.toml");
    fs::write(&path, "listen.plain = ['127.0.0.1:1']\nmetrics.listen = '127.0.0.1:2'").unwrap();
    let overrides = Overrides { config: Some(path), ..Overrides::default() };
    for (listen, twice) in [
        ("127.0.0.1:3,127.0.0.1:3", "127.0.0.1:3"),
        ("127.0.0.1:1", "127.0.0.1:1"),
        ("127.0.0.1:3,127.0.0.1:2", "127.0.0.1:2"),
    ] {
        let said = Config::load(&overrides, &with(&[("PARLORD_LISTEN", listen)])).unwrap_err();
        let told = format!("$PARLORD_LISTEN: {twice} is named twice, here or in the file");
        assert_eq!(said.to_string(), told);
    }
    let any = with(&[("PARLORD_LISTEN", "127.0.0.1:0,127.0.0.1:0")]);
    Config::load(&overrides, &any).unwrap();
}

#[test]
fn a_file_that_is_no_text_is_told_by_its_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("parlord.toml");
    fs::write(&path, b"[server]\nname = \"caf\xe9\"\n").unwrap();
    let overrides = Overrides { config: Some(path), ..Overrides::default() };
    let said = Config::load(&overrides, &here()).unwrap_err().to_string();
    assert!(said.ends_with("parlord.toml line 2: it is not UTF-8; save the file as UTF-8"));
}

#[test]
fn sockets_and_plain_listeners_are_somewhere_to_listen() {
    for text in
        ["listen.tls = []\nlisten.plain = ['127.0.0.1:1']", "listen.tls = []\nlisten.unix = ['x']"]
    {
        load_text(text).unwrap();
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
        "line 1: accounts.stretch: the server's password stretching is too weak"
    );
}

#[test]
fn every_limit_stands_in_the_table_of_limits() {
    let (_, limits) = include_str!("../../../README.md").split_once("\n## Limits\n").unwrap();
    let sections = ["limits.", "retention."];
    let named = |key: &&str| {
        let (section, last) = key.split_once('.').unwrap();
        sections.contains(&&*format!("{section}."))
            && !limits.contains(&format!("`{last}`"))
            && !limits.contains(&format!("`{key}`"))
    };
    let keys = keys::KEYS.iter().map(|(key, _)| *key).filter(|key| key.contains('.'));
    let missing: Vec<&str> = keys.filter(named).collect();
    assert!(missing.is_empty(), "README.md does not name {missing:?}");
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
    let inner = |(section, value): (&String, &toml::Value)| match value {
        toml::Value::Table(table) => table.keys().map(|key| format!("{section}.{key}")).collect(),
        _ => vec![section.clone()],
    };
    let mut documented: Vec<String> = named.iter().flat_map(inner).collect();
    let mut keys: Vec<&str> = keys::KEYS.iter().map(|(key, _)| *key).collect();
    documented.sort();
    keys.sort_unstable();
    assert_eq!(documented, keys);
    let told = load_text(&told).unwrap();
    // These three have no default, and stand there as examples.
    let named = "data = '/var/lib/parlord'\nlog = '/etc/parlord/log4rs.yaml'\n\
                 [metrics]\nlisten = '127.0.0.1:9667'";
    let defaults = load_text(named).unwrap();
    let tls = Tls::Named(Tls::Loopback.addresses());
    let listen = Listen { tls, ..defaults.listen };
    let (file, sources) = (told.file.clone(), told.sources.clone());
    assert_eq!(told, Config { file, listen, sources, ..defaults });
}

fn with(variables: &[(&'static str, &str)]) -> Surroundings {
    let variables = variables.iter().map(|&(name, value)| (name, value.into())).collect();
    Surroundings { variables, ..here() }
}

#[test]
fn the_environment_comes_before_the_file_and_the_command_line_before_both() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("parlord.toml");
    fs::write(&path, "data = 'kept'\n[listen]\ntls = ['[::]:1']\n[accounts]\n\nsign_up = 'open'\n")
        .unwrap();
    let variables = [
        ("PARLORD_CONFIG", path.to_str().unwrap()),
        ("PARLORD_DATA", "/srv/chat"),
        ("PARLORD_LISTEN", "127.0.0.1:2, [::1]:3"),
        ("PARLORD_SIGN_UP", "approval"),
    ];
    let told = |overrides: &Overrides, here: &Surroundings| {
        let config = Config::load(overrides, here).unwrap();
        let told = |key| {
            let settings = config.settings();
            let setting = settings.iter().find(|setting| setting.key == key).unwrap();
            let place = dir.path().to_str().unwrap();
            setting.to_string().replace(place, "DIR")
        };
        ["data", "listen.tls", "accounts.sign_up", "server.motd"].map(told)
    };
    let none = Overrides::default();
    assert_eq!(
        told(&none, &with(&variables[..1])),
        [
            r#"data = "DIR/kept"  # DIR/parlord.toml line 1"#,
            r#"listen.tls = ["[::]:1"]  # DIR/parlord.toml line 3"#,
            r#"accounts.sign_up = "open"  # DIR/parlord.toml line 6"#,
            r#"server.motd = ""  # default"#,
        ]
    );
    let environment = [
        r#"data = "/srv/chat"  # $PARLORD_DATA"#,
        r#"listen.tls = ["127.0.0.1:2", "[::1]:3"]  # $PARLORD_LISTEN"#,
        r#"accounts.sign_up = "approval"  # $PARLORD_SIGN_UP"#,
        r#"server.motd = ""  # default"#,
    ];
    assert_eq!(told(&none, &with(&variables)), environment);
    // Without any file they count as well; and before what systemd sets.
    let bare = with(&variables[1..]);
    let systemd = Surroundings { state_directory: Some("/var/lib/a".into()), ..bare.clone() };
    assert_eq!(told(&none, &bare), environment);
    assert_eq!(told(&none, &systemd)[0], environment[0]);
    let flags = Overrides {
        data: Some("/elsewhere".into()),
        listen: vec!["127.0.0.1:4".parse().unwrap()],
        ..Overrides::default()
    };
    let flagged = told(&flags, &bare);
    assert_eq!(flagged[0], r#"data = "/elsewhere"  # --data"#);
    assert_eq!(flagged[1], r#"listen.tls = ["127.0.0.1:4"]  # --listen"#);
    let passed = Overrides { passed: vec!["127.0.0.1:5".parse().unwrap()], ..flags };
    let passed = told(&passed, &bare);
    assert_eq!(passed[1], r#"listen.tls = ["127.0.0.1:5"]  # the service manager"#);
}

#[test]
fn a_variable_that_makes_no_sense_is_told_by_its_name() {
    for (name, value, why) in [
        (
            "PARLORD_LISTEN",
            "localhost",
            "use addresses and ports separated by commas, as in 0.0.0.0:7667,[::]:7667",
        ),
        ("PARLORD_SIGN_UP", "ajar", "use closed, code, approval or open"),
    ] {
        let said = Config::load(&Overrides::default(), &with(&[(name, value)])).unwrap_err();
        assert_eq!(said.to_string(), format!("${name}: {why}"));
    }
    let missing = with(&[("PARLORD_CONFIG", "/nonexistent/x.toml")]);
    let said = Config::load(&Overrides::default(), &missing).unwrap_err().to_string();
    assert!(said.starts_with("cannot read the configuration /nonexistent/x.toml: "), "{said}");
}

#[test]
fn all_faults_of_a_file_are_told_in_the_order_of_their_lines() {
    let text = "motd = 'hello'\n[server]\nshards = 0\nname = 3\n\n[limits]\nmesages_burst = 5\n\
                messages_per_sec = 0\n[colours]\nred = 1\n\
                [listen]\ntls = ['x']\nplain = ['0.0.0.0:1']\n";
    let Err(ConfigError::Invalid { faults, .. }) = load_text(text) else { panic!("it was taken") };
    let told: Vec<_> =
        faults.iter().map(|Fault { line, why }| format!("line {line}: {why}")).collect();
    assert_eq!(
        told,
        [
            "line 1: there is no key motd; did you mean server.motd?",
            "line 3: server.shards: 0 is not between 1 and 64",
            "line 4: server.name takes a text, as in \"…\"",
            "line 7: there is no key limits.mesages_burst; did you mean limits.messages_burst?",
            "line 8: limits.messages_per_sec: 0 is not between 1 and 1000000",
            "line 10: there is no key colours.red; `parlord config show` lists all",
            "line 12: listen.tls takes addresses and ports, as in [\"127.0.0.1:7667\", \
             \"[::1]:7667\"]",
            "line 13: 0.0.0.0:1 is beyond loopback and everything on it could be read; listen there \
             with TLS, or say plain_beyond_loopback = true",
        ]
    );
    assert_eq!(
        fault(text),
        "line 1: there is no key motd; did you mean server.motd? (`parlord config check` tells 7 \
         more)"
    );
}
