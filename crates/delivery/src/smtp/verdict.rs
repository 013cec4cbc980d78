//! What a mail server's answers mean for a delivery (RFC 5321, section 4.2; RFC 4954, section 6).

use super::{Failure, Refused, Reply, Stage, Taken};
use crate::verdict::{Verdict, judge_error};

/// The most recipients that are named in a reason.
const NAMED: usize = 10;

/// What is to be done, and what is to be said of a mail that was taken. `told` is whether some have it already by an
/// earlier attempt.
pub(crate) fn judge(outcome: &Result<Taken, Failure>, told: bool) -> (Verdict, Option<String>) {
    match outcome {
        Ok(taken) => judge_taken(taken),
        Err(Failure::Nobody { refused, .. }) => judge_refused(refused, told),
        Err(Failure::Said { at, reply }) => (judge_reply(*at, reply), None),
        Err(Failure::Line(error)) => (judge_error(error), None),
        Err(Failure::Garbled(reason)) => (Verdict::unknown(reason.clone()), None),
        Err(Failure::Lacks(reason)) => {
            (Verdict::permanent(format!("{reason}, then replay this delivery")), None)
        }
    }
}

/// Who was put off gets it by a next attempt, which is made for them alone; who was refused does not.
fn judge_taken(taken: &Taken) -> (Verdict, Option<String>) {
    let Taken { accepted, refused, .. } = taken;
    let (deferred, denied): (Vec<_>, Vec<_>) =
        refused.iter().partition(|refused| refused.reply.is_temporary());
    if !deferred.is_empty() {
        let reason = format!(
            "the mail server took it for {} of {} recipients, and puts off {}",
            accepted.len(),
            accepted.len() + refused.len(),
            named(refused)
        );
        return (Verdict::retry(reason), None);
    }
    let remark =
        (!denied.is_empty()).then(|| format!("the mail server did not take it for {}", named(refused)));
    (Verdict::Delivered, remark)
}

fn judge_refused(refused: &[Refused], told: bool) -> (Verdict, Option<String>) {
    let reason = format!("the mail server did not take it for {}", named(refused));
    if refused.iter().any(|refused| refused.reply.is_temporary()) {
        return (Verdict::retry(reason), None);
    }
    if told {
        return (Verdict::Delivered, Some(reason));
    }
    let mend = refused.iter().find_map(|refused| needs_login(&refused.reply));
    let mend = mend.unwrap_or("check these addresses");
    (Verdict::permanent(format!("{reason}; {mend}, then replay this delivery")), None)
}

fn judge_reply(at: Stage, reply: &Reply) -> Verdict {
    let said = format!("the mail server answered {} to {at}", reply.quoted());
    match reply.code {
        400..=499 => Verdict::retry(said),
        500..=599 => Verdict::permanent(format!("{said}; {}, then replay this delivery", mend(at, reply))),
        _ => Verdict::unknown(format!("{said}, which means nothing there")),
    }
}

/// What to do about a refusal.
fn mend(at: Stage, reply: &Reply) -> &'static str {
    if let Some(mend) = needs_login(reply).filter(|_| at != Stage::Login) {
        return mend;
    }
    match (at, reply.code) {
        (Stage::Login, _) => {
            "check `auth.username` and the secret `auth`: many providers want an app password or an authorization \
             code in place of the account's password, or have to be told to allow SMTP"
        }
        (Stage::Greeting | Stage::Hello, _) => {
            "it does not want to hear from here: check `host` and `port`, and whether it allows this server's address"
        }
        (Stage::Starttls, _) => "check `security` and `port`",
        (Stage::From | Stage::Data | Stage::Message, 552) => {
            "the mail is too large, or the mailbox is full: send less with it"
        }
        (Stage::From, _) => {
            "check `from`: many servers take mail only from the address of the account that signs in"
        }
        (Stage::To, _) => "check the recipients",
        (Stage::Data | Stage::Message, _) => {
            "the server takes it for spam or has a rule against it: change the mail or `from`"
        }
    }
}

/// What to do where the server wants to know who calls, or a secured line, first.
fn needs_login(reply: &Reply) -> Option<&'static str> {
    (reply.code == 530).then_some("it wants to know who calls, or TLS first: set `auth` and `security`")
}

fn named(refused: &[Refused]) -> String {
    let each = |refused: &Refused| format!("{} ({})", refused.address, refused.reply.quoted());
    let mut names: Vec<String> = refused.iter().take(NAMED).map(each).collect();
    if refused.len() > NAMED {
        names.push(format!("{} more", refused.len() - NAMED));
    }
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::testing::word;

    fn reply(code: u16) -> Reply {
        Reply { code, lines: vec!["5.0.0 words".into()] }
    }

    fn refused(codes: &[u16]) -> Vec<Refused> {
        let each = |code: &u16| Refused { address: format!("u{code}@example.com"), reply: reply(*code) };
        codes.iter().map(each).collect()
    }

    fn taken(codes: &[u16]) -> Taken {
        Taken { reply: reply(250), accepted: vec!["ann@example.com".into()], refused: refused(codes) }
    }

    #[test]
    fn every_family_of_codes_at_every_stage() {
        use Stage::{Data, From, Greeting, Hello, Login, Message, Starttls, To};
        for at in [Greeting, Hello, Starttls, Login, From, To, Data, Message] {
            for (codes, expected) in [
                (&[421, 450, 451, 452, 454, 432, 499][..], "retry"),
                (
                    &[500, 501, 502, 503, 504, 521, 530, 534, 535, 538, 550, 551, 552, 553, 554, 555],
                    "permanent",
                ),
                (&[200, 211, 251, 334, 354], "unknown"),
            ] {
                for code in codes {
                    let (verdict, _) = judge(&Err(Failure::Said { at, reply: reply(*code) }), false);
                    assert_eq!(word(&verdict), expected, "{code} to {at}");
                }
            }
        }
    }

    #[test]
    fn a_refusal_names_the_setting_to_look_at() {
        for (at, code, wanted) in [
            (Stage::Login, 535, "secret `auth`"),
            (Stage::Login, 530, "secret `auth`"),
            (Stage::From, 530, "`auth` and `security`"),
            (Stage::From, 553, "`from`"),
            (Stage::Message, 552, "send less"),
            (Stage::Message, 554, "spam"),
            (Stage::Greeting, 554, "`host` and `port`"),
            (Stage::Starttls, 502, "`security`"),
        ] {
            let (Verdict::Permanent { reason, disable: None }, None) =
                judge(&Err(Failure::Said { at, reply: reply(code) }), false)
            else {
                panic!("{code} to {at} is permanent")
            };
            assert!(reason.contains(wanted) && reason.contains(&code.to_string()), "{reason}");
            assert!(reason.ends_with("replay this delivery"), "{reason}");
        }
    }

    #[test]
    fn recipients_are_judged_one_by_one() {
        let table: [(&[u16], &str, bool); 4] = [
            (&[], "delivered", false),
            (&[550], "delivered", true),
            (&[450], "retry", false),
            (&[550, 451], "retry", false),
        ];
        for (codes, expected, has_remark) in table {
            let (verdict, remark) = judge(&Ok(taken(codes)), false);
            assert_eq!((word(&verdict), remark.is_some()), (expected, has_remark), "{codes:?}");
        }
        let nobody = |codes: &[u16], told| {
            judge(&Err(Failure::Nobody { reply: reply(550), refused: refused(codes) }), told)
        };
        assert_eq!(word(&nobody(&[550, 553], false).0), "permanent");
        assert_eq!(word(&nobody(&[550, 450], false).0), "retry", "one of them may be taken later");
        assert_eq!(word(&nobody(&[550, 450], true).0), "retry");
        let (verdict, remark) = nobody(&[550], true);
        assert_eq!(word(&verdict), "delivered", "the others have it by an earlier attempt");
        assert!(remark.unwrap().contains("u550@example.com (550 5.0.0 words)"));
    }

    #[test]
    fn a_reason_names_so_many_only() {
        let nobody = Failure::Nobody { reply: reply(550), refused: refused(&[550; 30]) };
        let (Verdict::Permanent { reason, .. }, _) = judge(&Err(nobody), false) else {
            panic!("nobody was taken")
        };
        assert!(reason.contains("20 more") && reason.len() < 1000, "{reason}");
    }
}
