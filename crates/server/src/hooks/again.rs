//! Judging a refused request again, after the cause is mended.

use std::time::Duration;

use gateway::{Accepted, Again, Limits, Refused};
use sha2::{Digest, Sha256};
use store::{DedupeClaim, Refusal};

use super::{
    receive::{source, submit},
    sources::Live,
};
use crate::app::App;

/// How long a claim stands at least: refused requests are kept no longer.
const LONGEST: Duration = Duration::from_secs(3_650 * 86_400);

/// Judges a refused request as it was received then, but for the limits of rates, and takes it in.
///
/// # Errors
/// What it is refused for now.
pub(crate) async fn judge_again(
    app: &App,
    refusal: &Refusal,
    request: &Again,
) -> Result<engine::Submitted, Refused> {
    let live = source(app, &refusal.source.to_string()).await.map_err(|refusal| refusal.refused)?;
    let accepted = accept(app, &live, refusal, request)?;
    // The event comes in now; only the judgement looks at the time of receipt.
    submit(app, &live, accepted, app.clock.now()).await
}

fn accept(app: &App, live: &Live, refusal: &Refusal, request: &Again) -> Result<Accepted, Refused> {
    let unlimited = Limits::none();
    let screened = live.judge.before_body(request.head(refusal.received_at), &unlimited)?;
    let mut accepted = screened.judge(request.body(), app.clock.now())?;
    if accepted.dedupe.is_none() {
        accepted.dedupe = own_claim(refusal);
    }
    Ok(accepted)
}

/// A request without a key of its own is claimed by its refusal: replayed twice at once, it is one event.
fn own_claim(refusal: &Refusal) -> Option<DedupeClaim> {
    let digest = Sha256::digest(format!("refused request {}", refusal.id));
    let (key, _) = digest.split_first_chunk()?;
    let expires_at = refusal.received_at.after(LONGEST);
    Some(DedupeClaim { key: *key, expires_at })
}
