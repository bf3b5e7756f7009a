//! The socket between two ends: who answers, and what a bad caller gets.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;

use super::super::tests::{offline, register, user};
use super::*;
use crate::control::LINE_BYTES_MAX;

/// A daemon that answers at the control socket of a fresh data directory.
fn running() -> (tempfile::TempDir, JoinHandle<()>) {
    let dir = tempfile::tempdir().unwrap();
    let daemon = Arc::new(offline(dir.path()));
    let socket = ControlSocket::open_at(dir.path(), None).unwrap();
    (dir, tokio::spawn(socket.run(daemon)))
}

#[tokio::test]
async fn a_user_is_added_through_the_socket() {
    let (dir, daemon) = running();
    let mut stream = connect(dir.path()).await.unwrap().unwrap();
    let mut ask = async |request: Request| {
        send(&mut stream, &request).await.unwrap();
        receive::<Response>(&mut stream).await.unwrap().unwrap()
    };
    let password = register(&mut ask, "alice").await;
    let add = Request::UserAdd { user: user("alice"), operator: true, password };
    assert_eq!(ask(add.clone()).await, Response::Done);
    assert_eq!(ask(add).await, Response::Refused(parlor_protocol::refusal::Code::NameTaken));
    let audit = fs::read_to_string(dir.path().join("audit/audit.log")).unwrap();
    let uid = format!(r#""uid":{}"#, rustix::process::geteuid().as_raw());
    assert_eq!(audit.lines().filter(|line| line.contains(&uid)).count(), 3, "{audit}");
    daemon.abort();
}

#[tokio::test]
async fn a_caller_who_makes_no_sense_is_hung_up_on_and_others_go_on() {
    let (dir, daemon) = running();
    let path = dir.path().join(NAME);
    for nonsense in [
        "hello\n".to_owned(),
        "{\"user_add\":{}}\n".to_owned(),
        "{\"user_list\":{\"after\":\"\\u001b\"}}\n".to_owned(),
        "{\"user_list\":{\"after\":null,\"more\":1}}\n".to_owned(),
        "\u{0}".repeat(LINE_BYTES_MAX + 1),
        "{\"user_list\":".to_owned() + &"[".repeat(10_000) + "\n",
    ] {
        let mut stream = UnixStream::connect(&path).await.unwrap();
        // It may hang up before everything is written.
        let _written = stream.write_all(nonsense.as_bytes()).await;
        let mut answer = Vec::new();
        let _reset = stream.read_to_end(&mut answer).await;
        assert_eq!(answer, b"", "{:?}", &nonsense[..nonsense.len().min(40)]);
    }
    let mut stream = connect(dir.path()).await.unwrap().unwrap();
    send(&mut stream, &Request::UserList { after: None }).await.unwrap();
    let page: Response = receive(&mut stream).await.unwrap().unwrap();
    assert_eq!(page, Response::Users(vec![]));
    daemon.abort();
}

#[tokio::test]
async fn callers_beyond_the_limit_wait_for_their_turn() {
    let (dir, daemon) = running();
    let mut idle = vec![];
    for _ in 0..CONNECTIONS_MAX {
        let mut stream = connect(dir.path()).await.unwrap().unwrap();
        send(&mut stream, &Request::UserList { after: None }).await.unwrap();
        receive::<Response>(&mut stream).await.unwrap().unwrap();
        idle.push(stream);
    }
    let mut late = connect(dir.path()).await.unwrap().unwrap();
    send(&mut late, &Request::UserList { after: None }).await.unwrap();
    let waited = timeout(Duration::from_millis(100), receive::<Response>(&mut late)).await;
    assert!(waited.is_err(), "{waited:?}");
    idle.pop();
    receive::<Response>(&mut late).await.unwrap().unwrap();
    daemon.abort();
}

#[tokio::test]
async fn the_socket_is_for_owner_and_group_and_goes_with_the_daemon() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(NAME);
    assert!(connect(dir.path()).await.unwrap().is_none());
    // What a daemon that was killed leaves behind.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(connect(dir.path()).await.unwrap().is_none());
    let socket = ControlSocket::open_at(dir.path(), None).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, MODE);
    assert!(connect(dir.path()).await.unwrap().is_some());
    drop(socket);
    assert!(!path.exists());
}

#[tokio::test]
async fn in_a_runtime_directory_the_data_directory_has_a_link() {
    let (data, runtime) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = data.path().join(NAME);
    std::os::unix::fs::symlink("/nonexistent/control", &path).unwrap();
    assert!(connect(data.path()).await.unwrap().is_none());
    let socket = ControlSocket::open_at(data.path(), Some(runtime.path())).unwrap();
    assert_eq!(fs::read_link(&path).unwrap(), runtime.path().join(NAME));
    assert!(connect(data.path()).await.unwrap().is_some());
    drop(socket);
    assert!(fs::symlink_metadata(&path).is_err());
    assert!(!runtime.path().join(NAME).exists());
}

#[tokio::test]
async fn what_is_no_socket_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(NAME), "precious").unwrap();
    let said = ControlSocket::open_at(dir.path(), None).unwrap_err().to_string();
    assert!(said.starts_with("cannot replace the control socket "), "{said}");
    assert_eq!(fs::read_to_string(dir.path().join(NAME)).unwrap(), "precious");
}
