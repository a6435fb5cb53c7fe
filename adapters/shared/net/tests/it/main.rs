//! The sockets as doors and links use them: lists, caps, TLS both ways, hand-shakes that never end.

use net::tls::{TlsClient, TlsFiles, TlsServer, install_provider};
use net::{ConnectOptions, Current, ListenOptions, Listener, Stream, connect};
use std::io::ErrorKind;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

async fn listen(options: ListenOptions) -> (Listener, String) {
    let listener = Listener::bind("127.0.0.1:0", options).await.expect("bind");
    let address = listener.local_addr().expect("address").to_string();
    (listener, address)
}

async fn echo_once(mut stream: Stream) -> std::io::Result<()> {
    let mut octets = [0; 4];
    stream.read_exact(&mut octets).await?;
    stream.write_all(&octets).await?;
    stream.shutdown().await
}

async fn says_ping(mut stream: Stream) -> std::io::Result<Vec<u8>> {
    stream.write_all(b"ping").await?;
    stream.flush().await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(answer)
}

async fn both(options: ListenOptions, tls: Option<TlsClient>) -> std::io::Result<Vec<u8>> {
    let (listener, address) = listen(options).await;
    let connect_options =
        ConnectOptions { tls, user_timeout: Some(Duration::from_secs(5)), ..ConnectOptions::default() };
    let server = async { echo_once(listener.accept().await?.stream).await };
    let client = async { says_ping(connect(&address, &connect_options).await?).await };
    let (served, answer) = tokio::join!(server, client);
    let answer = answer?;
    served.map(|()| answer)
}

#[tokio::test]
async fn plain() {
    assert_eq!(both(ListenOptions::default(), None).await.expect("echo"), b"ping");
}

#[tokio::test]
async fn tls_of_anybody_and_of_an_authority() {
    install_provider();
    let tls = TlsServer::self_signed(&["127.0.0.1"], &[]).expect("certificate");
    let options = ListenOptions { tls: Some(tls), ..ListenOptions::default() };
    let anybody = TlsClient::insecure().expect("client");
    assert_eq!(both(options.clone(), Some(anybody)).await.expect("echo"), b"ping");
    let platform = TlsClient::platform().expect("client");
    assert!(both(options, Some(platform)).await.is_err(), "a self-made certificate is not believed");
}

#[tokio::test]
async fn files_are_read_again() {
    install_provider();
    let directory = tempfile::tempdir().expect("directory");
    let (certificate, key) = (directory.path().join("c.pem"), directory.path().join("k.pem"));
    let write = || {
        let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).expect("certificate");
        std::fs::write(&certificate, made.cert.pem()).expect("write");
        std::fs::write(&key, made.signing_key.serialize_pem()).expect("write");
    };
    write();
    let files = TlsFiles { certificate: certificate.clone(), key: key.clone(), client_ca: None };
    let server = TlsServer::from_pem_files(files, &[]).expect("files");
    let options = ListenOptions { tls: Some(server.clone()), ..ListenOptions::default() };
    let old = TlsClient::with_ca_file(&certificate).expect("client");
    assert!(both(options.clone(), Some(old.clone())).await.is_ok());
    write();
    server.reload().expect("reload");
    assert!(both(options.clone(), Some(old)).await.is_err(), "the old certificate is gone");
    let new = TlsClient::with_ca_file(&certificate).expect("client");
    std::fs::write(&certificate, "rubbish").expect("write");
    assert!(server.reload().is_err_and(|e| e.to_string().contains("c.pem")));
    assert!(both(options, Some(new)).await.is_ok(), "after a bad file the last good one serves");
}

#[tokio::test]
async fn starttls_keeps_the_place() {
    install_provider();
    let tls = TlsServer::self_signed(&["localhost"], &[]).expect("certificate");
    let (listener, address) = listen(ListenOptions { max_connections: 1, ..ListenOptions::default() }).await;
    let _raw = connect(&address, &ConnectOptions::default()).await.expect("connect");
    let stream = listener.accept().await.expect("accept").stream;
    let mut stream = stream.upgrade(&tls, Duration::from_millis(50)).expect("upgrade");
    assert!(stream.is_tls());
    assert_eq!(stream.handshake().await.map_err(|e| e.kind()), Err(ErrorKind::TimedOut));
    assert!(stream.write_all(b"x").await.is_err(), "nothing is said on a broken connection");
}

#[tokio::test]
async fn half_a_hello_is_closed_in_time() {
    install_provider();
    let tls = TlsServer::self_signed(&["localhost"], &[]).expect("certificate");
    let handshake_timeout = Duration::from_millis(50);
    let (listener, address) =
        listen(ListenOptions { tls: Some(tls), handshake_timeout, ..ListenOptions::default() }).await;
    let mut raw = connect(&address, &ConnectOptions::default()).await.expect("connect");
    raw.write_all(&[0x16, 0x03, 0x01]).await.expect("write");
    let mut stream = listener.accept().await.expect("accept").stream;
    let error = stream.read_u8().await.expect_err("closed");
    assert_eq!(error.kind(), ErrorKind::TimedOut);
}

#[tokio::test]
async fn strangers_are_closed_and_the_full_door_says_so() {
    let allow = vec!["10.0.0.0/8".parse().expect("range")];
    let allow = Current::new(allow);
    let (listener, address) =
        listen(ListenOptions { allow: allow.clone(), ..ListenOptions::default() }).await;
    let accepting = tokio::spawn(async move { listener.accept().await.map(|_| ()) });
    let mut stranger = connect(&address, &ConnectOptions::default()).await.expect("connect");
    assert!(matches!(stranger.read_u8().await, Err(e) if e.kind() != ErrorKind::TimedOut));
    allow.replace(vec!["127.0.0.0/8".parse().expect("range")]);
    let _guest = connect(&address, &ConnectOptions::default()).await.expect("connect");
    accepting.await.expect("no panic").expect("a guest");

    let options =
        ListenOptions { max_per_address: 1, full_notice: b"421 full\r\n", ..ListenOptions::default() };
    let (listener, address) = listen(options).await;
    let first = connect(&address, &ConnectOptions::default()).await.expect("connect");
    let held = listener.accept().await.expect("accept");
    let accepting = tokio::spawn(async move { listener.accept().await.map(|incoming| incoming.peer.port()) });
    let mut second = connect(&address, &ConnectOptions::default()).await.expect("connect");
    let mut notice = String::new();
    second.read_to_string(&mut notice).await.expect("notice");
    assert_eq!(notice, "421 full\r\n");
    drop((first, held));
    let _third = connect(&address, &ConnectOptions::default()).await.expect("connect");
    assert!(accepting.await.expect("task").is_ok(), "the place is free again");
}

#[tokio::test]
async fn errors_name_the_address() {
    let (listener, address) = listen(ListenOptions::default()).await;
    drop(listener);
    let error = connect(&address, &ConnectOptions::default()).await.expect_err("nobody there");
    assert!(error.to_string().starts_with(&address), "{error}");
    assert!(connect("no-port", &ConnectOptions::default()).await.is_err());
}
