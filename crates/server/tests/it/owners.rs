//! The links of a fresh install make one owner, whatever happens at once.

use serde_json::{Value, json};

use crate::support::{Answer, Api, Home, PASSWORD, Server};

/// A server that has printed two links: the first one at an earlier start.
async fn two_links() -> (Home, Server, [String; 2]) {
    let home = Home::new();
    let first = home.serve().start().await;
    let earlier = first.link_token().await;
    first.kill().await;
    let second = home.serve().start().await;
    let later = second.link_token().await;
    (home, second, [earlier, later])
}

async fn set_up(server: &Server, token: &str, name: &str) -> Answer {
    let email = format!("{name}@example.com");
    let owner = json!({ "token": token, "email": email, "name": name, "password": PASSWORD });
    Api::nobody(server).post("/setup", &owner).await
}

#[tokio::test]
async fn a_link_of_an_earlier_start_is_good_until_there_is_an_owner() {
    let (_home, server, [earlier, later]) = two_links().await;
    assert_eq!(set_up(&server, &later, "ann").await.status, 204);
    set_up(&server, &earlier, "mallory").await.problem(401, "unauthenticated");
    let log_in = json!({ "email": "mallory@example.com", "password": PASSWORD });
    Api::nobody(&server).post("/session", &log_in).await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn of_two_who_set_up_at_once_one_becomes_the_owner() {
    let (home, server, [earlier, later]) = two_links().await;
    let both = tokio::join!(set_up(&server, &earlier, "ann"), set_up(&server, &later, "bob"));
    let (made, refused) = if both.0.status == 204 { both } else { (both.1, both.0) };
    refused.problem(401, "unauthenticated");
    let owner = Api::nobody(&server).with_session(&made);
    assert_eq!(owner.get("/me").await.ok()["role"], "owner");
    let link = owner.post("/login-links", &Value::Null).await.ok();
    let token = link["url"].as_str().unwrap().split_once("#token=").unwrap().1.to_owned();
    let by_link = Api::nobody(&server).post("/session/link", &json!({ "token": token })).await;
    let by_link = Api::nobody(&server).with_session(&by_link);
    assert_eq!(by_link.get("/me").await.ok(), owner.get("/me").await.ok(), "there is only one");
    server.kill().await;

    let server = home.serve().start().await;
    for token in [earlier, later] {
        set_up(&server, &token, "mallory").await.problem(401, "unauthenticated");
    }
}
