//! Against a server with TLS, whose address, by a name that its certificate has, is `POSTGRES_TLS_FOR_TESTS`, with
//! `sslrootcert` as its only parameter; `client.crt` and `client.key` lie beside that file. It takes the user
//! `certified` by that certificate, `sworn` by a password, `plain` without TLS alone, and the others by TLS alone.

use std::path::Path;

use futures_util::FutureExt;
use rcgen::{CertifiedKey, generate_simple_self_signed};

use super::*;
use crate::{
    postgres::{Database, Session},
    sql::values,
};

/// A server's address, and the file of its authority.
struct Server {
    url: String,
    authority: String,
}

impl Server {
    fn with_tls() -> Option<Self> {
        let named = std::env::var("POSTGRES_TLS_FOR_TESTS").ok()?;
        let (url, authority) = named.split_once("?sslrootcert=").unwrap();
        Some(Self { url: url.to_owned(), authority: authority.to_owned() })
    }

    /// The same as another user, who is made if need be.
    async fn as_user(&self, user: &str, password: &str) -> Self {
        let session = session(&format!("{}?sslmode=require", self.url)).await.unwrap();
        let made = format!("DROP ROLE IF EXISTS {user}; CREATE ROLE {user} LOGIN PASSWORD '{password}'");
        session.batch(&made).await.unwrap();
        let url = self.url.replace("postgres@", &format!("{user}:{password}@"));
        Self { url, authority: self.authority.clone() }
    }

    /// What comes of a connection with these parameters: whether it is secured, or why it was refused.
    async fn says(&self, parameters: &str) -> Result<bool, String> {
        let session = session(&format!("{}?{parameters}", self.url)).await?;
        let secured = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
        Ok(session.row(secured, [], |row| row.get(0)).await.unwrap().unwrap())
    }

    /// The same where it is refused; the text has no password in it.
    async fn refuses(&self, parameters: &str) -> String {
        let said = self.says(parameters).await.expect_err(parameters);
        assert!(!said.contains("pencil") && !said.contains("postgres://"), "{said}");
        said
    }
}

async fn session(url: &str) -> Result<Session, String> {
    let connector = Connector::new(url).map_err(|error| error.to_string())?;
    Session::connect(&connector).await.map_err(|fault| fault.to_string())
}

#[tokio::test]
async fn the_server_is_verified_as_far_as_is_asked() {
    let Some(server) = Server::with_tls() else { return };
    let authority = &server.authority;
    let by_address =
        Server { url: server.url.replace("localhost", "127.0.0.1"), authority: authority.clone() };
    let home = tempfile::tempdir().unwrap();
    let CertifiedKey { cert, .. } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let stranger = home.path().join("stranger.crt").display().to_string();
    std::fs::write(&stranger, cert.pem()).unwrap();

    assert_eq!(server.says("sslmode=require").await, Ok(true));
    assert_eq!(by_address.says("sslmode=require").await, Ok(true));
    for mode in ["require", "verify-ca", "verify-full"] {
        assert_eq!(server.says(&format!("sslmode={mode}&sslrootcert={authority}")).await, Ok(true));
        let said = server.refuses(&format!("sslmode={mode}&sslrootcert={stranger}")).await;
        assert!(said.contains("name the file of its authority as `sslrootcert`"), "{said}");
    }
    assert_eq!(by_address.says(&format!("sslmode=verify-ca&sslrootcert={authority}")).await, Ok(true));
    let said = by_address.refuses(&format!("sslmode=verify-full&sslrootcert={authority}")).await;
    assert!(said.contains("connect by a name that its certificate has"), "{said}");
    let named = format!("sslmode=verify-full&sslrootcert={authority}&hostaddr=127.0.0.1");
    assert_eq!(server.says(&named).await, Ok(true), "the name counts, wherever it leads");
    // What the system trusts does not know it either.
    for system in ["", "&sslrootcert=system"] {
        let said = server.refuses(&format!("sslmode=verify-full{system}")).await;
        assert!(said.contains("as `sslrootcert`"), "{said}");
    }
}

#[tokio::test]
async fn tls_is_preferred_and_done_without_where_it_is_not_taken() {
    let Some(server) = Server::with_tls() else { return };
    assert_eq!(server.says("").await, Ok(true));
    let said = server.refuses("sslmode=disable").await;
    assert!(said.contains("no encryption"), "{said}");
    let plain = server.as_user("plain", "pencil").await;
    assert_eq!(plain.says("").await, Ok(false));
    let said = plain.refuses("sslmode=require").await;
    assert!(said.contains("rejects connection"), "{said}");
}

#[tokio::test]
async fn a_server_without_tls_is_used_unless_tls_is_required() {
    let Ok(url) = std::env::var("POSTGRES_FOR_TESTS") else { return };
    let server = Server { url, authority: String::new() };
    assert_eq!(server.says("sslmode=prefer").await, Ok(false));
    let said = server.refuses("sslmode=require").await;
    assert!(said.contains("turn on `ssl` there, or say `sslmode=disable`"), "{said}");
}

#[tokio::test]
async fn a_user_is_known_by_a_certificate() {
    let Some(server) = Server::with_tls() else { return };
    let certified = server.as_user("certified", "pencil").await;
    let folder = Path::new(&server.authority).parent().unwrap().display();
    let both = format!("sslcert={folder}/client.crt&sslkey={folder}/client.key");
    assert_eq!(certified.says(&both).await, Ok(true));
    let said = certified.refuses("").await;
    assert!(said.contains("valid client certificate"), "{said}");
    let said = certified.refuses(&format!("sslcert={folder}/client.crt")).await;
    assert!(said.contains("go together"), "{said}");
    let said = certified.refuses(&format!("sslcert={folder}/server.crt&sslkey={folder}/client.key")).await;
    assert!(said.contains("do not fit each other"), "{said}");
}

#[tokio::test]
async fn a_password_is_bound_to_the_connection() {
    let Some(server) = Server::with_tls() else { return };
    let sworn = server.as_user("sworn", "pencil").await;
    assert_eq!(sworn.says("channel_binding=require").await, Ok(true));
    let other = Server { url: sworn.url.replace("pencil", "pencils"), ..sworn };
    let said = other.refuses("channel_binding=require").await;
    assert!(said.contains("password authentication failed"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_is_given_up() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Server {
        url: format!("postgres://ann@{}/db", silent.local_addr().unwrap()),
        authority: String::new(),
    };
    let said = server.refuses("").await;
    assert!(said.contains("did not answer within 5 s"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_host_that_never_answers_takes_no_time_of_the_next() {
    let silent = async || tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (one, two) = (silent().await, silent().await);
    let [first, second] = [&one, &two].map(|listener| listener.local_addr().unwrap());
    let server =
        Server { url: format!("postgres://ann:pencil@{first},{second}/db"), authority: String::new() };
    let said = server.refuses("").await;
    let each = format!("{first}: it did not answer within 5 s; {second}: it did not answer within 5 s");
    assert_eq!(said, each);
    two.accept().await.unwrap();
}

#[tokio::test]
async fn the_host_that_answered_last_is_asked_first() {
    let Ok(url) = std::env::var("POSTGRES_FOR_TESTS") else { return };
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let two = url.replacen('@', &format!("@{},", silent.local_addr().unwrap()), 1);
    let connector = Connector::new(&format!("{two}?connect_timeout=1")).unwrap();
    Session::connect(&connector).await.unwrap();
    silent.accept().now_or_never().expect("it was asked").unwrap();
    let session = Session::connect(&connector).await.unwrap();
    assert!(silent.accept().now_or_never().is_none(), "it was asked again");
    let writable = session.row("SHOW transaction_read_only", [], |row| row.get::<String>(0)).await.unwrap();
    assert_eq!(writable.as_deref(), Some("off"));
}

#[tokio::test]
async fn a_host_that_takes_no_writes_is_passed_over() {
    let Ok(url) = std::env::var("POSTGRES_FOR_TESTS") else { return };
    // Both are the same server, which lets nobody write.
    let address = url.split_once('@').unwrap().1.split_once('/').unwrap().0.to_owned();
    let two = url.replacen('@', &format!("@{address},"), 1);
    let connector = Connector::new(&format!("{two}?options=-cdefault_transaction_read_only%3Don")).unwrap();
    let Err(Fault::Unreachable(said)) = connector.connect().await else { panic!("it is used") };
    assert!(said.contains("does not allow writes"), "{said}");
}

#[tokio::test]
async fn every_connection_of_a_store_is_secured() {
    let Some(Server { url, authority }) = Server::with_tls() else { return };
    let name = format!("test_{}", uuid::Uuid::now_v7().simple());
    let session = session(&format!("{url}?sslmode=require")).await.unwrap();
    session.batch(&format!("CREATE SCHEMA {name}")).await.unwrap();
    let words = format!("sslmode=verify-full&sslrootcert={authority}&application_name={name}");
    let url = format!("{url}?{words}&options=-csearch_path%3D{name}");
    let (database, ..) = Database::open(&url, 2, &clock::Clock::system()).await.unwrap();
    database.news().recv().await.unwrap();
    database.read(|_| Ok(())).await.unwrap();
    let sql = "SELECT ssl, count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
               WHERE application_name = ?1 GROUP BY ssl";
    let counted = session.rows(sql, values![name], |row| Ok((row.get::<bool>(0)?, row.get::<i64>(1)?)));
    // The writer, the one that keeps this node's number, the listener, and a reader.
    assert_eq!(counted.await.unwrap(), [(true, 4)]);
    database.close().await;
}

#[test]
fn what_makes_no_sense_is_refused_with_what_to_write_instead() {
    let missing = "/nowhere/authority.crt";
    for (parameters, advice) in [
        ("sslmode=allow", "disable, prefer, require, verify-ca or verify-full"),
        (&*format!("sslrootcert={missing}"), "say `sslmode=verify-full`"),
        (&*format!("sslmode=require&sslrootcert={missing}"), "/nowhere/authority.crt cannot be read"),
        (&*format!("sslmode=verify-ca&sslrootcert={missing}"), "/nowhere/authority.crt cannot be read"),
        ("sslmode=require&sslkey=k.pem", "one of them is missing"),
        ("sslmode=require&pencil=1", "percent-encoded"),
    ] {
        let Err(error) = Connector::new(&format!("postgres://ann:pencil@here/db?{parameters}")) else {
            panic!("{parameters} is taken");
        };
        let said = error.to_string();
        assert!(said.contains(advice) && !said.contains("pencil"), "{parameters}: {said}");
    }
}

#[test]
fn a_socket_of_this_machine_needs_no_tls() {
    let mode = |url: &str| Connector::new(url).unwrap().0.hosts[0].config.get_ssl_mode();
    assert_eq!(mode("postgres://ann@%2Frun%2Fpostgresql/db?sslmode=require"), SslMode::Disable);
    assert_eq!(mode("hostaddr=127.0.0.1 user=ann sslmode=require"), SslMode::Require);
}
