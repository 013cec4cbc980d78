//! A receiver that does with a connection what no HTTP library would.

use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
};

/// Reads the request of each connection, then does with it what `then` says. Gives the address.
pub(crate) async fn rude<F>(then: impl Fn(usize, TcpStream) -> F + Send + 'static) -> String
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        for nth in 0.. {
            let Ok((mut stream, _)) = listener.accept().await else { return };
            if read_request(&mut stream).await.is_some() {
                tokio::spawn(then(nth, stream));
            }
        }
    });
    format!("http://{address}/hook")
}

/// Reads one request with its body; `None` when the sender goes away meanwhile.
async fn read_request(stream: &mut TcpStream) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?.to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
    stream.read_exact(&mut vec![0; length.parse().ok()?]).await.ok().map(drop)
}
