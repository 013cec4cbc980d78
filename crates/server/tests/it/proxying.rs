//! Which proxy calls go by: the operator's, and no other.

use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

use crate::support::{Api, Home, Launch, Receiver};

/// A proxy that connects to whatever it is asked for, and notes that.
async fn proxy() -> (String, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&asked);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(tunnel(stream, Arc::clone(&noted)));
        }
    });
    (url, asked)
}

async fn tunnel(mut stream: TcpStream, noted: Arc<Mutex<Vec<String>>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let asked = String::from_utf8(head).unwrap().lines().next().unwrap().to_owned();
    let target = asked.split(' ').nth(1).unwrap().to_owned();
    noted.lock().push(asked);
    let mut target = TcpStream::connect(target).await.unwrap();
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
    let _ = copy_bidirectional(&mut stream, &mut target).await;
}

/// Lets a server send a message to the receiver.
async fn send(launch: Launch, receiver: &Receiver) -> Value {
    let server = launch.start().await;
    let owner = Api::set_up(&server).await;
    let config = json!({ "kind": "webhook", "url": receiver.url("in") });
    let id = owner.destination("erp", config, json!({})).await;
    let tried = owner.post(&format!("/destinations/{id}/test"), &json!({ "body": { "a": 1 } })).await.ok();
    assert_eq!(receiver.seen().len(), 1, "{tried:#}");
    tried
}

#[tokio::test]
async fn what_the_environment_says_of_proxies_diverts_nothing() {
    let (url, asked) = proxy().await;
    let mut launch = Home::new().serve();
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        launch = launch.variable(name, &url);
    }
    send(launch, &Receiver::accepting().await).await;
    assert!(asked.lock().is_empty(), "{:?}", asked.lock());
}

#[tokio::test]
async fn the_operators_proxy_takes_every_call() {
    let (url, asked) = proxy().await;
    let receiver = Receiver::accepting().await;
    send(Home::new().serve().variable("LINCHPIN_OUTBOUND__PROXY", &url), &receiver).await;
    let address = receiver.url("").trim_start_matches("http://").trim_end_matches('/').to_owned();
    assert_eq!(*asked.lock(), [format!("CONNECT {address} HTTP/1.1")]);

    let beside = Home::new().serve().variable("LINCHPIN_OUTBOUND__PROXY", &url);
    let beside = beside.variable("LINCHPIN_OUTBOUND__PROXY_BYPASS", "[\"127.0.0.0/8\"]");
    send(beside, &Receiver::accepting().await).await;
    assert_eq!(asked.lock().len(), 1);
}
