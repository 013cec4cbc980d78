//! Makes one call, by HTTP or SMTP, and judges what came of it.

use outbound::{Client, Limit, Request, Response, Timeouts};

use crate::{
    Destination, ErrorRecord, Exchange, Reply, RequestRecord, ResponseRecord, Timing,
    call::{Call, Wire},
    redact::Redaction,
    smtp::{self, Mail, Taken},
    verdict::{Verdict, judge_error},
};

/// What came of a call.
pub(super) struct Made {
    pub(super) exchange: Exchange,
    pub(super) verdict: Verdict,
    /// What is to be said of a message that was taken.
    pub(super) remark: Option<String>,
    /// Whether its token is no good any more.
    pub(super) stale: bool,
    /// The recipients of a mail that have it while others are still to get it.
    pub(super) told: Vec<String>,
}

/// Makes a call. A mail goes to those alone who are not among the `told`, who have it.
pub(super) async fn make(client: &Client, destination: &Destination, call: Call, told: &[String]) -> Made {
    let redaction = destination.target.redaction().with(&call.hidden);
    let record = call.record(&redaction);
    match call.wire {
        Wire::Http(request) => by_http(client, destination, (*request, record), &redaction).await,
        Wire::Smtp(mail) => by_smtp(client, destination, (*mail, record), (&redaction, told)).await,
    }
}

async fn by_http(
    client: &Client,
    destination: &Destination,
    (request, record): (Request, RequestRecord),
    redaction: &Redaction,
) -> Made {
    let target = &destination.target;
    let request =
        request.timeouts(Timeouts::total(destination.timeout)).limit(Limit::truncate(target.answer_limit()));
    let (trace, outcome) = client.attempt(request).await;
    let stale =
        |answer: &Response| target.credential().is_some_and(|credential| (credential.is_stale)(answer));
    let (reply, verdict, remark, stale) = match &outcome {
        Ok(answer) => {
            let reply = Reply::Response(ResponseRecord::of(answer, redaction));
            (reply, target.judge(answer), target.remark(answer), stale(answer))
        }
        Err(error) => (Reply::Error(ErrorRecord::of(error, redaction)), judge_error(error), None, false),
    };
    let exchange = Exchange { request: record, reply, remote: trace.remote, timing: Timing::of(&trace) };
    scrubbed(Made { exchange, verdict, remark, stale, told: Vec::new() }, redaction)
}

async fn by_smtp(
    client: &Client,
    destination: &Destination,
    (mut mail, record): (Mail, RequestRecord),
    (redaction, told): (&Redaction, &[String]),
) -> Made {
    if mail.to.iter().any(|to| !told.contains(to)) {
        mail.to.retain(|to| !told.contains(to));
    }
    let talk = smtp::hand_over(client, &mail, destination.timeout).await;
    let (verdict, remark) = smtp::judge(&talk.outcome, !told.is_empty());
    let reply = talk.reply(redaction);
    let stale = destination.target.credential().is_some() && talk.is_signed_out();
    let told = match (&verdict, &talk.outcome) {
        (Verdict::Delivered, _) => Vec::new(),
        (_, Ok(Taken { accepted, .. })) => told.iter().chain(accepted).cloned().collect(),
        _ => told.to_vec(),
    };
    let exchange =
        Exchange { request: record, reply, remote: talk.trace.remote, timing: Timing::of(&talk.trace) };
    scrubbed(Made { exchange, verdict, remark, stale, told }, redaction)
}

/// The same without a secret that the receiver may have repeated.
fn scrubbed(made: Made, redaction: &Redaction) -> Made {
    let remark = made.remark.map(|text| redaction.scrub(text).into_owned());
    Made { verdict: made.verdict.scrubbed(redaction), remark, ..made }
}
