//! A mail server that keeps SMTP's rules: what it offers, in which order it is spoken to, who may send, whom it knows, how
//! lines end. What it takes it keeps as it came.

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use parking_lot::Mutex;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer},
    },
};

/// The longest line of a command, and of a mail, its end counted.
const COMMAND: usize = 512;
const LINE: usize = 1000;

/// How a mail server is set.
#[derive(Clone, Default)]
pub(crate) struct Manners {
    /// Whether it speaks TLS from the first byte on.
    pub(crate) tls: bool,
    /// Whether it offers STARTTLS, and takes nothing before it.
    pub(crate) starttls: bool,
    /// Who may send, by which password or token; everybody if nobody is named.
    pub(crate) account: Option<(&'static str, &'static str)>,
    /// By what they may sign in.
    pub(crate) mechanisms: &'static str,
    /// The largest mail.
    pub(crate) size: Option<usize>,
    /// Whether it takes addresses that are not ASCII.
    pub(crate) utf8: bool,
    /// What it says to a word, whatever its rules are, one after another; `CONNECT`, a recipient's address and `MESSAGE`
    /// are words, too. `…` stands for silence, `~` for a line whose bytes drip, `!` for closing the line.
    pub(crate) saying: HashMap<&'static str, VecDeque<&'static str>>,
}

/// A mail that was taken.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    pub(crate) signed_in: bool,
    pub(crate) secured: bool,
    pub(crate) message: Vec<u8>,
}

/// A mail server at work.
pub(crate) struct MailServer {
    address: SocketAddr,
    certificate: CertificateDer<'static>,
    pem: String,
    shared: Arc<Shared>,
}

struct Shared {
    manners: Manners,
    saying: Mutex<HashMap<&'static str, VecDeque<&'static str>>>,
    acceptor: TlsAcceptor,
    received: Mutex<Vec<Received>>,
    commands: Mutex<Vec<String>>,
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

impl Manners {
    /// Says these to a word.
    pub(crate) fn saying(mut self, word: &'static str, said: impl IntoIterator<Item = &'static str>) -> Self {
        self.saying.entry(word).or_default().extend(said);
        self
    }

    /// STARTTLS, and an account that signs in by `PLAIN` or `LOGIN`.
    pub(crate) fn usual(username: &'static str, password: &'static str) -> Self {
        let account = Some((username, password));
        Self { starttls: true, account, mechanisms: "PLAIN LOGIN", size: Some(20 << 20), ..Self::default() }
    }
}

impl MailServer {
    pub(crate) async fn start(manners: Manners) -> Self {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let (certificate, pem) = (cert.der().clone(), cert.pem());
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
        let tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)
            .unwrap();
        let shared = Arc::new(Shared {
            saying: Mutex::new(manners.saying.clone()),
            manners,
            acceptor: TlsAcceptor::from(Arc::new(tls)),
            received: Mutex::default(),
            commands: Mutex::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&serving);
                tokio::spawn(async move {
                    if shared.manners.tls {
                        let Ok(stream) = shared.acceptor.accept(stream).await else { return };
                        Talk::new(Box::new(stream), true, &shared).run().await;
                    } else {
                        Talk::new(Box::new(stream), false, &shared).run().await;
                    }
                });
            }
        });
        Self { address, certificate, pem, shared }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn is_tls(&self) -> bool {
        self.shared.manners.tls
    }

    /// Its certificate, which no authority has signed.
    pub(crate) fn certificate(&self) -> CertificateDer<'static> {
        self.certificate.clone()
    }

    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    /// What it has taken.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.shared.received.lock().clone()
    }

    /// What it was told, a line each.
    pub(crate) fn commands(&self) -> Vec<String> {
        self.shared.commands.lock().clone()
    }
}

/// One connection.
#[expect(clippy::struct_excessive_bools, reason = "each is a state of its own in SMTP")]
struct Talk<'s> {
    stream: Box<dyn Stream>,
    shared: &'s Shared,
    secured: bool,
    greeted: bool,
    signed_in: bool,
    /// The mail that has begun.
    mail: Option<Received>,
    utf8: bool,
}

impl<'s> Talk<'s> {
    fn new(stream: Box<dyn Stream>, secured: bool, shared: &'s Shared) -> Self {
        Self { stream, shared, secured, greeted: false, signed_in: false, mail: None, utf8: false }
    }

    async fn run(mut self) {
        self.answer("CONNECT", "220 mail.test ESMTP".to_owned()).await;
        while let Some(line) = self.line(COMMAND).await {
            self.shared.commands.lock().push(line.clone());
            let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
            match verb.to_ascii_uppercase().as_str() {
                "EHLO" if !rest.is_empty() => {
                    (self.greeted, self.mail) = (true, None);
                    let offers = self.offers();
                    self.answer("EHLO", offers).await;
                }
                "STARTTLS" if self.shared.manners.starttls && !self.secured => {
                    if self.answer("STARTTLS", "220 go ahead".to_owned()).await != 220 {
                        continue;
                    }
                    let Ok(secured) = self.shared.acceptor.accept(self.stream).await else { return };
                    self = Self::new(Box::new(secured), true, self.shared);
                }
                "AUTH" => {
                    let said = self.sign_in(rest).await;
                    self.answer("AUTH", said).await;
                }
                "MAIL" => {
                    let said = self.begin(rest);
                    if self.answer("MAIL", said).await != 250 {
                        self.mail = None;
                    }
                }
                "RCPT" => self.add(rest).await,
                "DATA" => self.data().await,
                "QUIT" => return self.say("221 bye").await,
                _ => self.say("500 what?").await,
            }
        }
    }

    fn offers(&self) -> String {
        let manners = &self.shared.manners;
        let mut offers = vec!["mail.test".to_owned(), "8BITMIME".to_owned()];
        if manners.starttls && !self.secured {
            offers.push("STARTTLS".to_owned());
        }
        if manners.account.is_some() && self.secured {
            offers.push(format!("AUTH {}", manners.mechanisms));
        }
        offers.extend(manners.size.map(|size| format!("SIZE {size}")));
        offers.extend(manners.utf8.then(|| "SMTPUTF8".to_owned()));
        let last = offers.len() - 1;
        let line =
            |(at, offer): (usize, &String)| format!("250{}{offer}", if at == last { ' ' } else { '-' });
        offers.iter().enumerate().map(line).collect::<Vec<_>>().join("\r\n")
    }

    async fn sign_in(&mut self, rest: &str) -> String {
        let (mechanism, initial) = rest.split_once(' ').unwrap_or((rest, ""));
        let offered = self.shared.manners.mechanisms.split(' ').any(|known| known == mechanism);
        let Some((username, password)) = self.shared.manners.account.filter(|_| offered) else {
            return "504 no such mechanism".to_owned();
        };
        if !self.secured {
            return "538 encryption required".to_owned();
        }
        let decode =
            |text: &str| String::from_utf8(STANDARD.decode(text).unwrap_or_default()).unwrap_or_default();
        let mut shown = decode(initial);
        let right = match mechanism {
            "PLAIN" => shown == format!("\0{username}\0{password}"),
            "LOGIN" => {
                self.say("334 VXNlcm5hbWU6").await;
                let user = self.line(COMMAND).await.unwrap_or_default();
                self.say("334 UGFzc3dvcmQ6").await;
                let secret = self.line(COMMAND).await.unwrap_or_default();
                shown = decode(&secret);
                decode(&user) == username && shown == password
            }
            _ => {
                let right = shown == format!("user={username}\x01auth=Bearer {password}\x01\x01");
                if !right {
                    self.say(&format!("334 {}", STANDARD.encode(r#"{"status":"401"}"#))).await;
                    self.line(COMMAND).await;
                }
                right
            }
        };
        self.signed_in = right;
        // As some servers do, it repeats what it was shown.
        if right { "235 welcome".to_owned() } else { format!("535 5.7.8 {initial} is wrong: {shown:?}") }
    }

    fn begin(&mut self, rest: &str) -> String {
        let manners = &self.shared.manners;
        let Some((from, parameters)) = rest.strip_prefix("FROM:<").and_then(|rest| rest.split_once('>'))
        else {
            return "501 no address".to_owned();
        };
        let parameter = |name: &str| parameters.split(' ').find_map(|word| word.strip_prefix(name));
        if !self.greeted || self.mail.is_some() {
            return "503 not now".to_owned();
        }
        if manners.starttls && !self.secured {
            return "530 5.7.0 Must issue a STARTTLS command first".to_owned();
        }
        if manners.account.is_some() && !self.signed_in {
            return "530 5.7.0 Authentication required".to_owned();
        }
        let size = parameter("SIZE=").and_then(|size| size.parse::<usize>().ok());
        if size.zip(manners.size).is_some_and(|(size, most)| size > most) {
            return "552 5.3.4 too large".to_owned();
        }
        self.utf8 = parameter("SMTPUTF8").is_some();
        if self.utf8 && !manners.utf8 || !from.is_ascii() && !self.utf8 {
            return "553 not ASCII".to_owned();
        }
        let (signed_in, secured) = (self.signed_in, self.secured);
        let (from, to, message) = (from.to_owned(), Vec::new(), Vec::new());
        self.mail = Some(Received { from, to, signed_in, secured, message });
        "250 ok".to_owned()
    }

    async fn add(&mut self, rest: &str) {
        let address = rest.strip_prefix("TO:<").and_then(|rest| rest.strip_suffix('>')).map(str::to_owned);
        let (said, address) = match (address, &self.mail) {
            (Some(address), Some(_)) if address.is_ascii() || self.utf8 => ("250 ok", address),
            (Some(address), Some(_)) => ("553 not ASCII", address),
            (_, None) => ("503 no mail has begun", String::new()),
            (None, _) => ("501 no address", String::new()),
        };
        if self.answer(&address, said.to_owned()).await == 250 {
            self.mail.as_mut().unwrap().to.push(address);
        }
    }

    async fn data(&mut self) {
        if self.mail.as_ref().is_none_or(|mail| mail.to.is_empty()) {
            return self.say("503 nobody to send to").await;
        }
        if self.answer("DATA", "354 go on".to_owned()).await != 354 {
            return;
        }
        let mut message = Vec::new();
        let mut wrong = false;
        while let Some(line) = self.line(LINE).await {
            if line == "." {
                break;
            }
            wrong |= !line.is_ascii() && !self.utf8;
            message.extend_from_slice(line.strip_prefix('.').unwrap_or(&line).as_bytes());
            message.extend_from_slice(b"\r\n");
        }
        let Some(mut mail) = self.mail.take() else { return };
        let said = if wrong { "554 eight bits" } else { "250 2.0.0 queued as 4711" };
        if self.answer("MESSAGE", said.to_owned()).await == 250 {
            mail.message = message;
            self.shared.received.lock().push(mail);
        }
    }

    /// A line that ends by CR and LF, and has neither inside; nothing else is one.
    async fn line(&mut self, most: usize) -> Option<String> {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            line.push(self.stream.read_u8().await.ok()?);
            if line.len() > most {
                self.say("500 line too long").await;
                return None;
            }
        }
        line.truncate(line.len() - 2);
        if line.iter().any(|byte| matches!(byte, b'\r' | b'\n')) {
            self.say("500 a line that ends half").await;
            return None;
        }
        String::from_utf8(line).ok()
    }

    /// Says what it was set to say to a word, or what its rules are; gives the code.
    async fn answer(&mut self, word: &str, rule: String) -> u16 {
        let set = self.shared.saying.lock().get_mut(word).and_then(VecDeque::pop_front);
        let said = set.map_or(rule, str::to_owned);
        match said.as_str() {
            "…" => std::future::pending().await,
            "!" => {
                let _ = self.stream.shutdown().await;
                0
            }
            "~" => loop {
                if self.stream.write_all(b"2").await.is_err() || self.stream.flush().await.is_err() {
                    return 0;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            },
            said => {
                self.say(said).await;
                said[..3].parse().unwrap()
            }
        }
    }

    async fn say(&mut self, said: &str) {
        let _ = self.stream.write_all(format!("{said}\r\n").as_bytes()).await;
        let _ = self.stream.flush().await;
    }
}
