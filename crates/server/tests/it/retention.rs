//! How long history is kept, as the API sets it.

use serde_json::{Value, json};

use crate::support::{Api, Home};

async fn days(api: &Api) -> Vec<(String, u64)> {
    let environments = api.get("/environments").await.ok();
    let shown = |environment: &Value| {
        (environment["name"].as_str().unwrap().to_owned(), environment["retention_days"].as_u64().unwrap())
    };
    environments.as_array().unwrap().iter().map(shown).collect()
}

fn shown(test: u64, production: u64) -> Vec<(String, u64)> {
    vec![("test".to_owned(), test), ("production".to_owned(), production)]
}

#[tokio::test]
async fn an_admin_sets_how_long_an_environment_keeps_its_history() {
    let home = Home::new();
    let server = home.serve().start().await;
    let owner = Api::set_up(&server).await;
    assert_eq!(days(&owner).await, shown(30, 30));
    let set = async |api: &Api, environment: &str, settings: Value| {
        api.put(&format!("/environments/{environment}"), &settings).await
    };
    let admin = owner.key("admin").await;
    for most in [1, 3650] {
        let said = set(&admin, "test", json!({ "retention_days": most })).await.ok();
        assert_eq!((&said["name"], &said["retention_days"]), (&json!("test"), &json!(most)));
        assert_eq!(days(&owner).await, shown(most, 30));
    }
    for (role, environment, settings, status, code) in [
        ("editor", "test", json!({ "retention_days": 7 }), 403, "forbidden"),
        ("admin", "nowhere", json!({ "retention_days": 7 }), 404, "not_found"),
        ("admin", "test", json!({ "retention_days": 0 }), 422, "invalid"),
        ("admin", "test", json!({ "retention_days": 3651 }), 422, "invalid"),
        ("admin", "test", json!({ "retention_days": -1 }), 422, "invalid"),
        ("admin", "test", json!({ "retention_days": "week" }), 422, "invalid"),
        ("admin", "test", json!({ "retention_days": 7, "name": "x" }), 422, "invalid"),
        ("admin", "test", json!({}), 422, "invalid"),
    ] {
        let answer = set(&owner.key(role).await, environment, settings).await;
        assert!(answer.problem(status, code)["detail"].is_string(), "{answer:?}");
    }
    assert_eq!(days(&owner).await, shown(3650, 30), "what is refused changes nothing");
    server.kill().await;

    let again = home.serve().start().await;
    assert_eq!(days(&owner.at(&again)).await, shown(3650, 30));
}
