//! Judging a refused request again, after the cause is mended.

use std::time::Duration;

use engine::Submission;
use gateway::{Again, Judged, Limits, Refused};
use sha2::{Digest, Sha256};
use store::{DedupeClaim, Refusal};

use super::receive::{judge, overloaded, source, submission, submit};
use crate::app::App;

/// How long a claim stands at least: refused requests are kept no longer.
const LONGEST: Duration = Duration::from_secs(3_650 * 86_400);

/// Judges a refused request as it was received then, but for the limits of rates, and takes it in. `None` when it brings no
/// event: its sender only asked whether the address is right.
///
/// # Errors
/// What it is refused for now.
pub(crate) async fn judge_again(
    app: &App,
    refusal: &Refusal,
    request: &Again,
) -> Result<Option<engine::Submitted>, Refused> {
    let live = source(app, &refusal.source.to_string()).await.map_err(|refusal| refusal.refused)?;
    let unlimited = Limits::none();
    let screened = live.judge.before_body(request.head(refusal.received_at), &unlimited)?;
    let (filtered, mut accepted) = match judge(app, &live, &screened, request.body()).await? {
        Judged::Accepted(accepted) => (false, accepted),
        Judged::Filtered(accepted) => (true, accepted),
        Judged::Handshake(_) => return Ok(None),
        Judged::KeysWanted(wanted) => return Err(wanted.otherwise),
    };
    if accepted.dedupe.is_none() {
        accepted.dedupe = own_claim(refusal);
    }
    let share = app.in_flight.enter(0).map_err(overloaded)?;
    // The event comes in now; only the judgement looks at the time of receipt.
    let submission = Submission { filtered, ..submission(&live, accepted, app.clock.now(), share)? };
    submit(app, submission).await.map(Some)
}

/// A request without a key of its own is claimed by its refusal: replayed twice at once, it is one event.
fn own_claim(refusal: &Refusal) -> Option<DedupeClaim> {
    let digest = Sha256::digest(format!("refused request {}", refusal.id));
    let (key, _) = digest.split_first_chunk()?;
    let expires_at = refusal.received_at.after(LONGEST);
    Some(DedupeClaim { key: *key, expires_at })
}
