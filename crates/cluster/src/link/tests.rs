use store::{NodeId, RunId};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use vault::Key;

use super::*;
use crate::said::Wanted;

fn keys(seed: u64) -> KeyRing {
    let random = Random::seeded(seed);
    KeyRing::new(Key::generate(&random), vec![], Random::system())
}

fn hello() -> Hello {
    Hello { node: NodeId::from_bytes([1; 16]), address: "127.0.0.1:1".to_owned() }
}

fn said(n: u8) -> Said {
    Said::Want(Wanted { runs: vec![RunId::from_bytes([n; 16])], ..Wanted::default() })
}

async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

#[tokio::test]
async fn what_is_said_is_heard_in_its_order() {
    let (listener, address) = listener().await;
    let speaking = tokio::spawn(async move {
        let mut speaking = Speaking::to(&address, keys(1), &hello()).await.unwrap();
        for n in 1..=3 {
            speaking.say(&word(&said(n)).unwrap()).await.unwrap();
            speaking.say(&Bytes::new()).await.unwrap();
        }
    });
    let stream = listener.accept().await.unwrap().0;
    let (mut listening, who) = Listening::to(stream, keys(1), &Random::system()).await.unwrap();
    assert_eq!(who, hello());
    for n in 1..=3 {
        assert_eq!(listening.hear().await.unwrap(), said(n));
    }
    speaking.await.unwrap();
    assert!(matches!(listening.hear().await, Err(Error::Ended)));
}

#[tokio::test]
async fn who_has_another_key_is_not_let_in() {
    let (listener, address) = listener().await;
    let speaking = tokio::spawn(async move { Speaking::to(&address, keys(2), &hello()).await.map(drop) });
    let stream = listener.accept().await.unwrap().0;
    let listening = Listening::to(stream, keys(1), &Random::system()).await;
    assert!(matches!(listening.err(), Some(Error::Foreign)));
    speaking.await.unwrap().unwrap();
}

/// Lets a node speak and gives every byte that it said, but not to anybody.
async fn overheard() -> Vec<u8> {
    let (listener, address) = listener().await;
    let speaking = tokio::spawn(async move {
        let mut speaking = Speaking::to(&address, keys(1), &hello()).await.unwrap();
        speaking.say(&word(&said(1)).unwrap()).await.unwrap();
    });
    let mut stream = listener.accept().await.unwrap().0;
    let mut challenge = 32_u32.to_be_bytes().to_vec();
    challenge.extend([7; 32]);
    stream.write_all(&challenge).await.unwrap();
    speaking.await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    bytes
}

#[tokio::test]
async fn what_was_overheard_cannot_be_said_again_nor_understood() {
    let bytes = overheard().await;
    assert!(!bytes.windows(9).any(|window| window == b"127.0.0.1"), "it is sealed");
    let (listener, address) = listener().await;
    let saying = tokio::spawn(async move {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(&bytes).await.unwrap();
        stream
    });
    let stream = listener.accept().await.unwrap().0;
    // The link has another challenge.
    let listening = Listening::to(stream, keys(1), &Random::system()).await;
    assert!(matches!(listening.err(), Some(Error::Foreign)));
    drop(saying.await.unwrap());
}

#[tokio::test]
async fn a_stranger_is_not_listened_to_for_long() {
    let (listener, address) = listener().await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    // It announces a first word of a megabyte.
    stream.write_all(&(1_u32 << 20).to_be_bytes()).await.unwrap();
    let (accepted, _) = listener.accept().await.unwrap();
    let listening = Listening::to(accepted, keys(1), &Random::system()).await;
    assert!(matches!(listening.err(), Some(Error::Io(_))));
}

#[test]
fn a_word_that_is_too_long_is_not_said() {
    let long = Said::Cancel { run: RunId::from_bytes([1; 16]), by: "a".repeat(WORD) };
    assert!(word(&long).is_none());
    assert!(word(&said(1)).is_some());
}
