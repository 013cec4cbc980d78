//! A link: one node speaks, the other listens. What is said is sealed with the installation's key, in the order in
//! which it is said, for this link alone. So nobody without the key is heard, understood, or can say a word again.

use std::{io, time::Duration};

use bytes::Bytes;
use clock::Random;
use futures_util::{SinkExt, StreamExt};
use serde::{Serialize, de::DeserializeOwned};
use tokio::{net::TcpStream, time::timeout};
use tokio_util::codec::{Framed, LengthDelimitedCodec};
use vault::{Context, KeyRing};

use crate::said::{Hello, Said};

/// The longest word. A longer one is not said: what it would tell is found in the database.
const WORD: usize = 4 << 20;

/// The longest first word of somebody who is not known yet.
const FIRST_WORD: usize = 1 << 10;

/// How long it may take to reach a node, and to be told who it is.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often a node says something when it has nothing to say.
pub(crate) const PULSE: Duration = Duration::from_secs(5);

/// A node that was silent for so long is gone.
pub(crate) const SILENCE: Duration = Duration::from_secs(20);

/// What a link begins with: the listener's challenge, which nobody can foresee.
type Challenge = [u8; 32];

/// Why a link ended, or did not begin.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The network.
    #[error("the connection was lost")]
    Io(#[from] io::Error),
    /// The other side ended it.
    #[error("the other node ended the connection")]
    Ended,
    /// The other side is slow or silent.
    #[error("the other node did not answer in time")]
    Late,
    /// There are more nodes than may speak to one.
    #[error("too many nodes speak to this one already")]
    Crowded,
    /// The other side has another key, or is no node at all.
    #[error(
        "what came was not sealed with this installation's key: do all nodes have the same LINCHPIN_KEY?"
    )]
    Foreign,
    /// It is sealed well, and cannot be read: the node has another version.
    #[error("what came cannot be read: do all nodes run the same version?")]
    Unreadable,
}

impl From<tokio::time::error::Elapsed> for Error {
    fn from(_: tokio::time::error::Elapsed) -> Self {
        Self::Late
    }
}

/// The side that speaks.
pub(crate) struct Speaking(Side);

/// The side that listens.
pub(crate) struct Listening(Side);

struct Side {
    frames: Framed<TcpStream, LengthDelimitedCodec>,
    keys: KeyRing,
    challenge: Challenge,
    /// Which word comes next.
    word: u64,
}

impl Speaking {
    /// Reaches a node and says who speaks.
    pub(crate) async fn to(address: &str, keys: KeyRing, hello: &Hello) -> Result<Self, Error> {
        let reach = async {
            let stream = TcpStream::connect(address).await?;
            let mut side = Side::new(stream, keys, Challenge::default())?;
            let first = side.frames.next().await.ok_or(Error::Ended)??;
            side.challenge = first.as_ref().try_into().map_err(|_| Error::Foreign)?;
            side.frames.codec_mut().set_max_frame_length(WORD);
            let mut speaking = Self(side);
            speaking.seal(&encoded(hello)).await?;
            Ok(speaking)
        };
        timeout(PATIENCE, reach).await?
    }

    /// Says a word that is encoded already; an empty one says no more than that the node is there.
    pub(crate) async fn say(&mut self, word: &Bytes) -> Result<(), Error> {
        timeout(SILENCE, self.seal(word)).await?
    }

    async fn seal(&mut self, plain: &[u8]) -> Result<(), Error> {
        let sealed = self.0.keys.seal(Context { kind: "link", id: &self.0.place() }, plain);
        self.0.word += 1;
        Ok(self.0.frames.send(Bytes::from(sealed)).await?)
    }
}

impl Listening {
    /// Lets somebody in who has the key; gives who it is.
    pub(crate) async fn to(
        stream: TcpStream,
        keys: KeyRing,
        random: &Random,
    ) -> Result<(Self, Hello), Error> {
        let greet = async {
            let mut listening = Self(Side::new(stream, keys, random.bytes())?);
            let challenge = Bytes::copy_from_slice(&listening.0.challenge);
            listening.0.frames.send(challenge).await?;
            let hello = listening.read().await?.ok_or(Error::Foreign)?;
            listening.0.frames.codec_mut().set_max_frame_length(WORD);
            Ok((listening, hello))
        };
        timeout(PATIENCE, greet).await?
    }

    /// The next word.
    pub(crate) async fn hear(&mut self) -> Result<Said, Error> {
        loop {
            if let Some(said) = timeout(SILENCE, self.read()).await?? {
                return Ok(said);
            }
        }
    }

    /// What is said next; nothing when it is a pulse.
    async fn read<T: DeserializeOwned>(&mut self) -> Result<Option<T>, Error> {
        let sealed = self.0.frames.next().await.ok_or(Error::Ended)??;
        let context = self.0.place();
        let plain = self.0.keys.open(Context { kind: "link", id: &context }, &sealed);
        let plain = plain.map_err(|_| Error::Foreign)?;
        self.0.word += 1;
        if plain.is_empty() {
            return Ok(None);
        }
        serde_json::from_slice(&plain).map(Some).map_err(|_| Error::Unreadable)
    }
}

impl Side {
    fn new(stream: TcpStream, keys: KeyRing, challenge: Challenge) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        let codec = LengthDelimitedCodec::builder().max_frame_length(FIRST_WORD).new_codec();
        Ok(Self { frames: Framed::new(stream, codec), keys, challenge, word: 0 })
    }

    /// What the next word is sealed for: this link, and its place there.
    fn place(&self) -> [u8; 40] {
        let mut place = [0; 40];
        place[..32].copy_from_slice(&self.challenge);
        place[32..].copy_from_slice(&self.word.to_be_bytes());
        place
    }
}

/// A word as it is said, if it is not too long.
pub(crate) fn word(said: &Said) -> Option<Bytes> {
    // Sealing adds less than this.
    const SEAL: usize = 64;
    Some(encoded(said)).filter(|word| word.len() + SEAL <= WORD)
}

fn encoded(said: &impl Serialize) -> Bytes {
    // Words are plain data, whose form JSON always has.
    serde_json::to_vec(said).unwrap_or_default().into()
}

#[cfg(test)]
mod tests;
