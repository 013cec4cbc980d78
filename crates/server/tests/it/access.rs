//! Who gets in: the first link, sessions, API keys, and nobody else.

use axum::http::Method;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{Answer, Api, Home, PASSWORD, Server};

#[tokio::test]
async fn the_first_link_makes_the_owner_once() {
    let server = Server::fresh().await;
    let nobody = Api::nobody(&server);
    let token = server.link_token().await;
    let set_up = |token: &str, password: &str| json!({ "token": token, "email": "Owner@Example.com ", "name": "O", "password": password });

    nobody.post("/setup", &set_up(&token, "too short")).await.problem(422, "invalid");
    nobody.post("/setup", &set_up("guessed", PASSWORD)).await.problem(401, "unauthenticated");
    let made = nobody.post("/setup", &set_up(&token, PASSWORD)).await;
    assert_eq!(made.status, 204, "what was refused has not used the link up: {made:?}");
    let cookie = made.header("set-cookie").unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    let me = nobody.with_session(&made).get("/me").await.ok();
    assert_eq!((&me["name"], &me["role"]), (&json!("O"), &json!("owner")));
    assert_eq!((&me["email"], &me["workspace"]), (&json!("owner@example.com"), &json!("Linchpin")));

    nobody.post("/setup", &set_up(&token, PASSWORD)).await.problem(401, "unauthenticated");
    let log_in = json!({ "email": "owner@example.com", "password": PASSWORD });
    assert_eq!(nobody.post("/session", &log_in).await.status, 204, "the address is kept in one form");
}

#[tokio::test]
async fn a_link_is_printed_until_there_is_an_owner() {
    let home = Home::new();
    let first = home.serve().start().await;
    let lost = first.link_token().await;
    first.kill().await;

    let second = home.serve().start().await;
    assert_ne!(second.link_token().await, lost);
    let owner = Api::set_up(&second).await;
    second.kill().await;

    let third = home.serve().start().await;
    owner.at(&third).get("/me").await.ok();
    assert_eq!(third.out(), "", "there is an owner, so there is no link");
}

#[tokio::test]
async fn every_route_of_the_api_asks_who_calls() {
    let server = Server::fresh().await;
    Api::set_up(&server).await;
    let nobody = Api::nobody(&server);
    let impostors = [
        nobody.clone(),
        nobody.with_key("lpk_bm90IGEga2V5"),
        Api { credentials: Some(("cookie", "linchpin_session=guessed".to_owned())), ..nobody },
    ];
    let mut asked = 0;
    for (method, path) in routes() {
        for impostor in &impostors {
            let answer = impostor.send(method.clone(), &path, &[], None).await;
            assert_eq!(answer.status, 401, "{method} {path}: {answer:?}");
            answer.problem(401, "unauthenticated");
            asked += 1;
        }
    }
    assert!(asked > 100, "the document has lost its routes: {asked}");
}

/// Every route of the API that is not there for whoever is not logged in yet.
fn routes() -> Vec<(Method, String)> {
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi/v1.json");
    let document: Value = serde_json::from_str(&std::fs::read_to_string(document).unwrap()).unwrap();
    let mut routes = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        let path = path.strip_prefix("/api/v1").unwrap();
        let path = path.replace("{environment}", "production").replace("{number}", "1");
        let path = path.replace("{id}", "x").replace("{name}", "x");
        for (method, operation) in operations.as_object().unwrap() {
            if operation.get("security") != Some(&json!([{}])) {
                routes.push((method.to_uppercase().parse().unwrap(), path.clone()));
            }
        }
    }
    routes
}

#[tokio::test]
async fn a_session_begins_with_the_password_and_ends_at_the_logout() {
    let server = Server::fresh().await;
    Api::set_up(&server).await;
    let nobody = Api::nobody(&server);
    let log_in = async |email: &str, password: &str| {
        nobody.post("/session", &json!({ "email": email, "password": password })).await
    };

    let wrong = log_in("owner@example.com", "correct horse battery stable").await;
    let unknown = log_in("nobody@example.com", PASSWORD).await;
    assert_eq!(
        wrong.problem(401, "unauthenticated"),
        unknown.problem(401, "unauthenticated"),
        "nobody learns who is a member"
    );
    assert_eq!(wrong.header("set-cookie"), None);

    let begun = log_in("OWNER@example.com", PASSWORD).await;
    let session = nobody.with_session(&begun);
    assert_eq!(session.get("/me").await.ok()["name"], "Owner");
    let other = nobody.with_session(&log_in("owner@example.com", PASSWORD).await);
    let ended = session.delete("/session").await;
    assert!(ended.header("set-cookie").unwrap().contains("Max-Age=0"), "{ended:?}");
    session.get("/me").await.problem(401, "unauthenticated");
    other.get("/me").await.ok();
}

#[tokio::test]
async fn a_crowd_at_the_login_is_told_to_come_again() {
    let server = Server::fresh().await;
    Api::set_up(&server).await;
    let nobody = Api::nobody(&server);
    let log_in = json!({ "email": "owner@example.com", "password": PASSWORD });
    let answers = join_all((0..CROWD).map(|_| nobody.post("/session", &log_in))).await;
    let (inside, outside): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 204);
    assert!(!inside.is_empty() && !outside.is_empty(), "{} of {CROWD} came in", inside.len());
    for answer in outside {
        answer.problem(429, "too_many_requests");
        assert_eq!(answer.header("set-cookie"), None);
    }
    assert_eq!(nobody.post("/session", &log_in).await.status, 204, "the crowd is gone");
}

#[tokio::test]
async fn a_login_link_works_once() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let nobody = Api::nobody(&server);
    let link = owner.post("/login-links", &Value::Null).await.ok();
    let token = link["url"].as_str().unwrap().split_once("/login#token=").unwrap().1;
    let by_link = async || nobody.post("/session/link", &json!({ "token": token })).await;
    let begun = by_link().await;
    assert_eq!(nobody.with_session(&begun).get("/me").await.ok()["role"], "owner");
    by_link().await.problem(401, "unauthenticated");

    let first = json!({ "token": server.link_token().await });
    nobody.post("/session/link", &first).await.problem(401, "unauthenticated");
}

/// Far more logins at once than are hashed at once.
const CROWD: usize = 64;

/// What a role may do: read, see what was refused, change flows, see the keys, make a login link.
const ROLES: [(&str, [bool; 5]); 6] = [
    ("viewer", [true, false, false, false, false]),
    ("reviewer", [true, false, false, false, false]),
    ("operator", [true, true, false, false, false]),
    ("editor", [true, true, true, false, false]),
    ("admin", [true, true, true, true, false]),
    ("owner", [true, true, true, true, true]),
];

#[tokio::test]
async fn a_key_may_do_what_its_role_may() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    for (role, may) in ROLES {
        let key = owner.key(role).await;
        let me = key.get("/me").await.ok();
        assert_eq!(
            (&me["role"], &me["email"], &me["workspace"]),
            (&json!(role), &Value::Null, &json!("Linchpin"))
        );
        let tried: [Answer; 5] = [
            key.get("/flows").await,
            key.get("/environments/production/refusals").await,
            key.put("/flows/x", &json!({ "definition": "" })).await,
            key.get("/api-keys").await,
            key.post("/login-links", &Value::Null).await,
        ];
        for (at, (answer, may)) in tried.iter().zip(may).enumerate() {
            if may {
                assert_eq!(answer.status, 200, "{role} at {at}: {answer:?}");
            } else {
                let problem = answer.problem(403, "forbidden");
                assert!(problem["detail"].as_str().unwrap().contains("role"), "{problem}");
            }
        }
    }
}

#[tokio::test]
async fn a_key_is_shown_once_gives_no_more_than_its_maker_has_and_ends() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let try_to_make = async |api: &Api, role: &str, days: Value| {
        api.post("/api-keys", &json!({ "name": "k", "role": role, "expires_in_days": days })).await
    };
    try_to_make(&owner, "emperor", Value::Null).await.problem(422, "invalid");
    let admin = owner.key("admin").await;
    try_to_make(&admin, "owner", Value::Null).await.problem(403, "forbidden");

    let made = try_to_make(&admin, "viewer", json!(1)).await.ok();
    let text = made["key"].as_str().unwrap();
    let viewer = owner.with_key(text);
    viewer.get("/me").await.ok();
    let listed = owner.get("/api-keys").await;
    assert!(!listed.text().contains(text), "the list shows the key");
    let listed = listed.ok();
    let row = listed.as_array().unwrap().iter().find(|key| key["id"] == made["id"]).unwrap();
    assert!(text.ends_with(row["hint"].as_str().unwrap()) && row["expires_at"].is_string(), "{row}");

    let id = made["id"].as_str().unwrap();
    assert_eq!(owner.delete(&format!("/api-keys/{id}")).await.status, 204);
    viewer.get("/me").await.problem(401, "unauthenticated");
    owner.delete(&format!("/api-keys/{id}")).await.problem(404, "not_found");

    let expired = try_to_make(&owner, "viewer", json!(0)).await.ok();
    owner.with_key(expired["key"].as_str().unwrap()).get("/me").await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn another_sites_page_changes_nothing() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let own = server.url.as_str();
    let draft = json!({ "definition": "" });
    let put = async |api: &Api, headers: &[(&str, &str)]| {
        api.send(Method::PUT, "/flows/x", headers, Some(&draft)).await
    };
    for foreign in [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")]
    {
        put(&owner, &[foreign]).await.problem(403, "forbidden");
        let read = owner.send(Method::GET, "/flows", &[foreign], None).await;
        assert_eq!(read.status, 200, "reading changes nothing: {foreign:?}");
    }
    put(&owner, &[("origin", own)]).await.ok();
    put(&owner, &[("sec-fetch-site", "same-origin")]).await.ok();
    // A key is sent by no browser of its own accord.
    put(&owner.key("editor").await, &[("origin", "https://evil.example")]).await.ok();
}
