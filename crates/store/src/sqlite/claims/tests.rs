use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

/// A log so small that claims move all the time.
const SMALL: usize = 5;

#[derive(Clone, Debug)]
enum Op {
    /// A transaction: keys and for how long each is claimed, and whether it commits.
    Transaction { claims: Vec<(u8, i64)>, commits: bool },
    /// Time passes.
    Later(i64),
    /// A part of the index is swept, in a transaction of its own.
    Sweep(u32),
    /// The server starts again.
    Restart,
    /// The same, after the log was put into the index.
    Settle,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (prop::collection::vec((0..24_u8, 1..40_i64), 0..6), prop::bool::weighted(0.8))
            .prop_map(|(claims, commits)| Op::Transaction { claims, commits }),
        2 => (1..20_i64).prop_map(Op::Later),
        1 => (1..9_u32).prop_map(Op::Sweep),
        1 => Just(Op::Restart),
        1 => Just(Op::Settle),
    ]
}

fn key(n: u8) -> Key {
    let mut key = [0; 16];
    key[0] = n.wrapping_mul(97);
    key
}

fn database() -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    super::super::migrate::run(&mut connection).unwrap();
    connection
}

fn rows(c: &Connection, table: &str) -> i64 {
    c.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

proptest! {
    /// Whatever happens between, a key is held by the last event that claimed it and was committed, until
    /// its time is over.
    #[test]
    fn claims_are_held_as_a_plain_table_would_hold_them(ops in prop::collection::vec(op(), 1..80)) {
        let mut c = database();
        let mut claims = Claims::with_log(&c, SMALL).unwrap();
        let mut model: HashMap<u8, (EventId, i64)> = HashMap::new();
        let (mut now, mut events) = (0_i64, 0_u128);
        for op in ops {
            match op {
                Op::Later(by) => now += by,
                Op::Restart => claims = Claims::with_log(&c, SMALL).unwrap(),
                Op::Settle => {
                    settle(&mut c).unwrap();
                    prop_assert_eq!(rows(&c, "dedupe_log"), 0);
                    claims = Claims::with_log(&c, SMALL).unwrap();
                }
                Op::Sweep(limit) => {
                    let transaction = c.transaction().unwrap();
                    claims.sweep(&transaction, limit, now).unwrap();
                    transaction.commit().unwrap();
                    claims.committed();
                }
                Op::Transaction { claims: wanted, commits } => {
                    let transaction = c.transaction().unwrap();
                    let mut after = model.clone();
                    for (n, time) in wanted {
                        events += 1;
                        let event = EventId::from_bytes(events.to_be_bytes());
                        let said = claims.claim(&transaction, key(n), event, (now, now + time)).unwrap();
                        let holder = after.get(&n).filter(|(_, until)| *until > now).map(|(event, _)| *event);
                        prop_assert_eq!(said, holder);
                        if holder.is_none() {
                            after.insert(n, (event, now + time));
                        }
                    }
                    claims.finish(&transaction).unwrap();
                    if commits {
                        transaction.commit().unwrap();
                        claims.committed();
                        model = after;
                    } else {
                        transaction.rollback().unwrap();
                        claims.undone();
                    }
                }
            }
        }
    }
}

#[test]
fn claims_move_to_the_index_and_leave_the_log_short() {
    let mut c = database();
    let mut claims = Claims::with_log(&c, 64).unwrap();
    for n in 0..1000_u128 {
        let transaction = c.transaction().unwrap();
        let event = EventId::from_bytes(n.to_be_bytes());
        // As if random: a multiplication by an odd number meets every value once.
        let key = n.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835).to_be_bytes();
        assert_eq!(claims.claim(&transaction, key, event, (0, 100)).unwrap(), None);
        claims.finish(&transaction).unwrap();
        transaction.commit().unwrap();
        claims.committed();
    }
    assert!(rows(&c, "dedupe_log") <= 3 * 64, "{} in the log", rows(&c, "dedupe_log"));
    assert!(rows(&c, "dedupe") >= 1000 - 3 * 64);
}

#[test]
fn a_key_that_is_claimed_again_and_again_leaves_the_log_short_too() {
    let mut c = database();
    let mut claims = Claims::with_log(&c, 64).unwrap();
    for n in 0..1000_u16 {
        let transaction = c.transaction().unwrap();
        let event = EventId::from_bytes(u128::from(n).to_be_bytes());
        let now = i64::from(n);
        for key in [key(1), key(2)] {
            assert_eq!(claims.claim(&transaction, key, event, (now, now + 1)).unwrap(), None);
        }
        claims.finish(&transaction).unwrap();
        transaction.commit().unwrap();
        claims.committed();
    }
    assert!(rows(&c, "dedupe_log") <= 3 * 64, "{} in the log", rows(&c, "dedupe_log"));
}

#[test]
fn expired_claims_are_swept_in_turn() {
    let c = database();
    let mut claims = Claims::read(&c).unwrap();
    for n in 0..100_u8 {
        c.execute(
            "INSERT INTO dedupe (key, event, expires_at) VALUES (?1, ?2, ?3)",
            params![key(n), [n; 16], i64::from(n)],
        )
        .unwrap();
    }
    let deleted: usize = (0..12).map(|_| claims.sweep(&c, 10, 49).unwrap()).sum();
    assert_eq!((deleted, rows(&c, "dedupe")), (50, 50), "one round sees each claim once");
}
