use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use clock::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::{
    Admission, Begin, EnvironmentId, EventStatus, FlowId, NewEvent, NodeId, OriginalRun, Place, RunId,
    SourceId, VersionId, WorkspaceId,
    event::SealedAdmission,
    run::{ClaimRuns, Which},
    sqlite::{apply::apply, memory::Memory, origins},
    write::{Outcome, Write},
};

/// Where lane `n` belongs: no two of the first lanes share all of workspace, environment and source.
fn place(n: u16) -> Place {
    let part = |bit: u16| [1 + u8::from(n & bit != 0); 16];
    Place { workspace: WorkspaceId::from_bytes(part(1)), environment: EnvironmentId::from_bytes(part(2)) }
}

fn source(n: u16) -> Option<SourceId> {
    (n & 4 != 0).then(|| SourceId::from_bytes([9; 16]))
}

fn run(n: u16) -> RunId {
    // Its number is `n`: nine bits name the maker, behind the variant's two, and the others count.
    let (counter, maker) = (u128::from(n >> 9), u128::from(n & 511));
    RunId::from_bytes((counter << 64 | maker << 53).to_be_bytes())
}

fn flow(n: u16) -> FlowId {
    FlowId::from_bytes(u128::from(n).to_be_bytes())
}

/// An event whose run waits in a lane.
fn admit(id: u16, to: u16) -> Write {
    let event = NewEvent {
        id: run(id).own_event(),
        place: place(to),
        flow: flow(to),
        source: source(to),
        kind: "api",
        received_at: Timestamp::from_millis(0),
        status: EventStatus::Accepted,
        content: "{}".into(),
    };
    let run = Some(OriginalRun { version: VersionId::from_bytes([3; 16]), begin: Begin::Queued });
    let files = Vec::new();
    Write::Admit(Box::new(SealedAdmission(Admission { event, dedupe: None, files, tick: None, run })))
}

fn claim(which: Which) -> Write {
    let (node, now) = (NodeId::from_bytes([4; 16]), Timestamp::from_millis(0));
    Write::Claim(ClaimRuns { node, now, which, unfit: vec![] })
}

fn database() -> (Connection, Memory) {
    let mut c = Connection::open_in_memory().unwrap();
    super::super::migrate::run(&mut c).unwrap();
    let memory = Memory::read(&c).unwrap();
    (c, memory)
}

/// What a claim gave, with where it belongs.
fn given(c: &Connection, memory: &mut Memory, which: Which) -> Vec<(RunId, Place, FlowId)> {
    match apply(c, memory, &claim(which)).unwrap() {
        Outcome::Claimed(runs) => runs.iter().map(|run| (run.held.id, run.held.place, run.flow)).collect(),
        _ => panic!("a claim gives runs"),
    }
}

/// What a claim gave.
fn claimed(c: &Connection, memory: &mut Memory, which: Which) -> Vec<RunId> {
    given(c, memory, which).into_iter().map(|(id, ..)| id).collect()
}

/// The numbers of the heads by age, which must be known, and the flows of their lanes.
fn known(memory: &Memory) -> Vec<(i64, FlowId)> {
    let heads = memory.heads.0.as_ref().unwrap().by_age.iter();
    heads.map(|(number, lane)| (*number, memory.origins.origin(*lane).unwrap().flow)).collect()
}

#[test]
fn heads_follow_what_is_added_and_taken() {
    let (c, mut memory) = database();
    assert_eq!(known(&memory), []);
    for (id, to) in [(5, 1), (7, 2), (6, 2), (8, 1), (3, 1)] {
        apply(&c, &mut memory, &admit(id, to)).unwrap();
    }
    assert_eq!(known(&memory), [(3, flow(1)), (6, flow(2))]);
    assert_eq!(claimed(&c, &mut memory, Which::One(run(5))), [run(5)]);
    assert_eq!(known(&memory), [(3, flow(1)), (6, flow(2))]);
    assert_eq!(claimed(&c, &mut memory, Which::One(run(6))), [run(6)]);
    assert_eq!(known(&memory), [(3, flow(1)), (7, flow(2))]);
    assert_eq!(claimed(&c, &mut memory, Which::Next(2)), [run(3), run(7)]);
    assert_eq!(known(&memory), [(8, flow(1))]);
    assert_eq!(claimed(&c, &mut memory, Which::Next(2)), [run(8)]);
    assert_eq!(known(&memory), []);
}

#[test]
fn what_a_claim_costs_does_not_grow_with_the_lanes() {
    let cost = |lanes: u16| {
        let (mut c, mut memory) = database();
        for n in 0..2 * lanes {
            apply(&c, &mut memory, &admit(n, n % lanes)).unwrap();
        }
        let steps = Arc::<AtomicU32>::default();
        let counted = Arc::clone(&steps);
        let count = move || {
            counted.fetch_add(1, Ordering::Relaxed);
            false
        };
        c.progress_handler(1, Some(count)).unwrap();
        assert_eq!(claimed(&c, &mut memory, Which::Next(2)), [run(0), run(1)]);
        steps.load(Ordering::Relaxed)
    };
    let few = cost(3);
    assert!(few > 0);
    assert_eq!(cost(300), few);
}

#[derive(Clone, Debug)]
enum Op {
    Admit {
        id: u16,
        to: u16,
    },
    Claim(u32),
    One(u16),
    /// A run that is held is given back, and waits in its row.
    GiveBack(u16),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (0..60_u16, 0..5_u16).prop_map(|(id, to)| Op::Admit { id, to }),
        2 => (0..4_u32).prop_map(Op::Claim),
        1 => (0..60_u16).prop_map(Op::One),
        1 => (0..60_u16).prop_map(Op::GiveBack),
    ]
}

/// Which runs there are, each with its lane, and which of them wait.
#[derive(Clone, Default)]
struct Model {
    all: BTreeMap<u16, u16>,
    waiting: BTreeSet<u16>,
}

/// A run with where it belongs.
type Given = (RunId, Place, FlowId);

impl Model {
    /// Does one thing to the model and to the database; gives what was claimed of each.
    fn apply(&mut self, c: &Connection, memory: &mut Memory, op: &Op) -> (Vec<Given>, Vec<Given>) {
        let (which, expected) = match *op {
            Op::Admit { id, to } => {
                if let Entry::Vacant(new) = self.all.entry(id) {
                    new.insert(to);
                    self.waiting.insert(id);
                    apply(c, memory, &admit(id, to)).unwrap();
                }
                return (vec![], vec![]);
            }
            Op::GiveBack(id) => {
                if self.all.contains_key(&id) {
                    self.waiting.insert(id);
                    let sql = "UPDATE run_live SET owner = NULL, status = 'queued' WHERE id = ?1";
                    c.execute(sql, [run(id)]).unwrap();
                }
                return (vec![], vec![]);
            }
            Op::Claim(limit) => {
                let oldest = self.waiting.iter().copied().take(usize::try_from(limit).unwrap());
                (Which::Next(limit), oldest.collect())
            }
            Op::One(id) => (Which::One(run(id)), Vec::from_iter(self.waiting.get(&id).copied())),
        };
        self.waiting.retain(|id| !expected.contains(id));
        let belongs = |id: u16| (run(id), place(self.all[&id]), flow(self.all[&id]));
        (given(c, memory, which), expected.into_iter().map(belongs).collect())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Whatever is admitted, taken, given back, undone or read anew, a claim gives what a sorted list would.
    #[test]
    fn claims_take_what_has_waited_longest(
        transactions in prop::collection::vec((prop::collection::vec(op(), 0..8), prop::bool::weighted(0.8)), 1..20)
    ) {
        let (mut c, mut memory) = database();
        let mut model = Model::default();
        for (ops, commits) in transactions {
            let transaction = c.transaction().unwrap();
            let mut after = model.clone();
            for op in ops {
                let (claimed, expected) = after.apply(&transaction, &mut memory, &op);
                prop_assert_eq!(claimed, expected);
                if let Some(known) = &memory.heads.0 {
                    prop_assert_eq!(known, &Known::read(&transaction).unwrap());
                }

                prop_assert!(memory.origins.knows_the_same(&origins::read(&transaction).unwrap()));
            }
            if commits {
                transaction.commit().unwrap();
                memory.committed();
                model = after;
            } else {
                transaction.rollback().unwrap();
                memory.undone();
            }
        }
    }
}
