use proptest::{collection::vec, prelude::*, sample::Index};
use serde_json::{Value, json};
use store::RunId;

use super::*;

const RUN: RunId = RunId::from_bytes([7; 16]);

/// A run of steps that have all begun.
fn begun(steps: usize) -> Progress {
    let shown = |nth: usize| Shown {
        step: format!("s{nth}").as_str().into(),
        standing: Standing::Running,
        text: Text::empty(),
    };
    Progress { steps: (0..steps).map(shown).collect() }
}

fn given(text: &str) -> Text {
    Text::whole(Arc::new(json!({ "text": text })))
}

fn succeed(progress: &mut Progress, nth: usize, text: &str) {
    progress.steps[nth].standing = Standing::Succeeded;
    progress.steps[nth].text = given(text);
}

/// What a client makes of what it is told.
struct Client {
    cursor: Cursor,
    texts: Vec<String>,
    states: Vec<&'static str>,
    resets: usize,
    tokens: usize,
}

impl Client {
    fn new(steps: usize) -> Self {
        let (texts, states) = (vec![String::new(); steps], vec!["pending"; steps]);
        Self { cursor: Cursor::new(RUN), texts, states, resets: 0, tokens: 0 }
    }

    /// Reads so much, and says whether there was as much.
    fn read(&mut self, progress: &Progress, most: usize) -> bool {
        let nth = |step: StepPath| step.as_str()[1..].parse::<usize>().unwrap();
        for _ in 0..most {
            match self.cursor.next(progress) {
                None => return false,
                Some(Told::Step { step, state }) => self.states[nth(step)] = state,
                Some(Told::Token { step, text }) => {
                    assert!(!text.is_empty());
                    self.tokens += 1;
                    self.texts[nth(step)] += &text;
                }
                Some(Told::Reset { step }) => {
                    self.resets += 1;
                    self.texts[nth(step)].clear();
                }
            }
        }
        true
    }

    fn read_all(&mut self, progress: &Progress) {
        while self.read(progress, 100) {}
    }

    /// Goes away and comes back.
    fn come_back(&mut self) {
        let back = Cursor::parse(RUN, &self.cursor.to_string()).unwrap();
        assert_eq!(back, self.cursor);
        self.cursor = back;
    }
}

#[test]
fn a_reader_gets_what_is_said_and_a_slow_one_the_same_in_fewer_pieces() {
    let mut run = begun(1);
    let (mut quick, mut slow) = (Client::new(1), Client::new(1));
    for piece in ["你", "好", "!"] {
        run.say(0, piece);
        quick.read_all(&run);
        quick.come_back();
    }
    assert_eq!(quick.states, ["running"]);
    succeed(&mut run, 0, "你好!!");
    for client in [&mut quick, &mut slow] {
        client.read_all(&run);
        assert_eq!((client.texts[0].as_str(), client.states[0], client.resets), ("你好!!", "succeeded", 0));
    }
    assert_eq!((quick.tokens, slow.tokens), (4, 1));
}

#[test]
fn a_text_comes_before_the_end_of_its_step_and_in_pieces_of_bounded_length() {
    let mut run = begun(1);
    let long = "é".repeat(20_000);
    succeed(&mut run, 0, &long);
    let mut cursor = Cursor::new(RUN);
    let told: Vec<Told> = std::iter::from_fn(|| cursor.next(&run)).collect();
    assert_eq!(told.len(), 4);
    assert!(told[..3].iter().all(|told| matches!(told, Told::Token { .. })), "{told:?}");
    assert!(matches!(told[3], Told::Step { state: "succeeded", .. }));
}

#[test]
fn another_try_and_a_text_that_turns_out_another_begin_anew() {
    let mut run = begun(1);
    let mut client = Client::new(1);
    run.say(0, "one");
    client.read_all(&run);
    run.begin(0);
    client.read_all(&run);
    assert_eq!((client.texts[0].as_str(), client.resets), ("", 1));
    run.say(0, "two");
    client.read_all(&run);
    succeed(&mut run, 0, "too");
    client.read_all(&run);
    assert_eq!((client.texts[0].as_str(), client.resets), ("too", 2));
    // Who has read nothing is told of no reset.
    let mut late = Client::new(1);
    late.read_all(&run);
    assert_eq!((late.texts[0].as_str(), late.resets), ("too", 0));
}

#[test]
fn who_falls_behind_what_is_kept_gets_it_from_the_whole_text() {
    let mut run = begun(2);
    let (mut quick, mut slow, mut stray) = (Client::new(2), Client::new(2), Client::new(2));
    run.say(0, "0123456789");
    slow.read_all(&run);
    run.say(0, "abcdefghij");
    stray.cursor = Cursor::parse(RUN, &slow.cursor.to_string().replace("-10-", "-9-")).unwrap();
    quick.read_all(&run);
    run.say(1, "x");
    run.keep(5);
    assert_eq!((run.size(), run.steps[1].text.size()), (3, 1), "the longest text is cut");
    for client in [&mut quick, &mut slow, &mut stray] {
        client.read_all(&run);
    }
    assert_eq!((quick.texts[0].as_str(), slow.texts[0].as_str()), ("0123456789abcdefghij", "0123456789"));
    succeed(&mut run, 0, "0123456789abcdefghij");
    for client in [&mut quick, &mut slow, &mut stray] {
        client.read_all(&run);
        assert_eq!(client.texts[0], "0123456789abcdefghij");
    }
    assert_eq!([quick.resets, slow.resets, stray.resets], [0, 0, 1]);
}

#[test]
fn what_nodes_tell_each_other_is_bounded_and_the_journal_gives_the_rest() {
    let mut run = begun(3);
    let long = ["a", "b", "c"].map(|letter| letter.repeat(KEPT / 2 + 1));
    let mut told = Cursor::new(RUN);
    for (nth, text) in long.iter().enumerate() {
        succeed(&mut run, nth, text);
    }
    let length = |advance: &Advance| serde_json::to_string(advance).unwrap().len();
    assert!((KEPT / 2..KEPT + 1024).contains(&length(&run.whole())));
    run.since(&mut told);
    let huge = "d".repeat(KEPT + 1);
    succeed(&mut run, 0, &huge);
    let news = run.since(&mut told);
    assert!(length(&news) < 1024);
    let (mut there, mut client) = (Progress::default(), Client::new(3));
    there.learn(run.whole());
    there.learn(news);
    client.read_all(&there);
    assert_eq!([0, 1, 2].map(|nth| client.texts[nth].len()), [0, 0, long[2].len()]);
    client.read_all(&run);
    assert_eq!([&huge, &long[1], &long[2]], [0, 1, 2].map(|nth| &client.texts[nth]));
}

#[test]
fn only_what_was_given_out_for_a_run_is_taken_back() {
    let mut run = begun(2);
    run.say(1, "text");
    let mut client = Client::new(2);
    client.read_all(&run);
    client.cursor.end();
    let text = client.cursor.to_string();
    assert!(text.ends_with("~end") && Cursor::parse(RUN, &text).unwrap().has_ended(), "{text}");
    assert_eq!(Cursor::parse(RunId::from_bytes([8; 16]), &text), None);
    for at in 0..text.len() {
        // Whatever it says, it is read or refused, and told on from.
        let mut changed = text.clone().into_bytes();
        changed[at] = b'9';
        if let Some(mut cursor) = Cursor::parse(RUN, std::str::from_utf8(&changed).unwrap()) {
            while cursor.next(&run).is_some() {}
        }
    }
    for wrong in ["", "~", "x~~", &text.replace("~end", "~7-1-1"), &text.replace("rr", "rz")] {
        assert_eq!(Cursor::parse(RUN, wrong), None, "{wrong}");
    }
}

/// What may happen to a run and to its readers.
#[derive(Clone, Debug)]
enum Event {
    Say(Index, String),
    /// Another try.
    Retry(Index),
    Succeed(Index),
    /// Another node takes over: what was not committed is tried again.
    TakeOver,
    /// The text that is kept is cut.
    Cut(usize),
    /// The client reads at the node of the run.
    Read(usize),
    /// It reads at another node.
    ReadThere(usize),
    ComeBack,
    /// The other node is told what has changed, or that is lost, or it is told all.
    Tell,
    Lose,
    TellAll,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => (any::<Index>(), "[ab你😀]{1,6}").prop_map(|(step, text)| Event::Say(step, text)),
        1 => any::<Index>().prop_map(Event::Retry),
        1 => any::<Index>().prop_map(Event::Succeed),
        1 => Just(Event::TakeOver),
        1 => (0..20_usize).prop_map(Event::Cut),
        3 => (1..4_usize).prop_map(Event::Read),
        3 => (1..4_usize).prop_map(Event::ReadThere),
        2 => Just(Event::ComeBack),
        4 => Just(Event::Tell),
        1 => Just(Event::Lose),
        1 => Just(Event::TellAll),
    ]
}

/// A run at one node, as another node knows it, and a client of both.
struct World {
    here: Progress,
    /// What the steps have said in their present try, and what was committed.
    said: Vec<String>,
    committed: Vec<Option<Arc<Value>>>,
    told: Cursor,
    there: Progress,
    client: Client,
}

impl World {
    const STEPS: usize = 3;

    fn happens(&mut self, event: &Event) {
        let open = |step: &Index| Some(step.index(Self::STEPS)).filter(|nth| self.committed[*nth].is_none());
        match event {
            Event::Say(step, text) => {
                if let Some(nth) = open(step) {
                    self.said[nth] += text;
                    self.here.say(nth, text);
                }
            }
            Event::Retry(step) => {
                if let Some(nth) = open(step) {
                    self.said[nth].clear();
                    self.here.begin(nth);
                }
            }
            Event::Succeed(step) => {
                if let Some(nth) = open(step) {
                    self.committed[nth] = Some(Arc::new(json!({ "text": self.said[nth] })));
                    self.here.show(self.by_state());
                }
            }
            Event::TakeOver => {
                self.here = Progress::default();
                self.here.show(self.by_state());
                for nth in (0..Self::STEPS).filter(|nth| self.committed[*nth].is_none()) {
                    self.said[nth].clear();
                    self.here.begin(nth);
                }
                self.told = Cursor::new(RUN);
                self.there.learn(self.here.whole());
                self.here.since(&mut self.told);
            }
            Event::Cut(bytes) => self.here.keep(*bytes),
            Event::Read(most) => drop(self.client.read(&self.here, *most)),
            Event::ReadThere(most) => drop(self.client.read(&self.there, *most)),
            Event::ComeBack => self.client.come_back(),
            Event::Tell => self.there.learn(self.here.since(&mut self.told)),
            Event::Lose => drop(self.here.since(&mut self.told)),
            Event::TellAll => self.there.learn(self.here.whole()),
        }
    }

    /// The run as its journal has it.
    fn by_state(&self) -> Progress {
        let mut progress = begun(Self::STEPS);
        for (shown, committed) in progress.steps.iter_mut().zip(&self.committed) {
            (shown.standing, shown.text) = match committed {
                Some(output) => (Standing::Succeeded, Text::whole(Arc::clone(output))),
                None => (Standing::Running, Text::missed()),
            };
        }
        progress
    }
}

proptest! {
    #[test]
    fn whatever_happens_a_client_ends_with_the_committed_texts(events in vec(event(), 0..120)) {
        let mut world = World {
            here: begun(World::STEPS),
            said: vec![String::new(); World::STEPS],
            committed: vec![None; World::STEPS],
            told: Cursor::new(RUN),
            there: Progress::default(),
            client: Client::new(World::STEPS),
        };
        world.there.learn(world.here.whole());
        for event in &events {
            world.happens(event);
        }
        for nth in 0..World::STEPS {
            world.committed[nth].get_or_insert_with(|| Arc::new(json!({ "text": world.said[nth] })));
        }
        world.client.come_back();
        world.client.read_all(&world.by_state());
        for (nth, committed) in world.committed.iter().enumerate() {
            prop_assert_eq!(Some(&*world.client.texts[nth]), committed.as_ref().unwrap()["text"].as_str());
            prop_assert_eq!(world.client.states[nth], "succeeded");
        }
    }

    #[test]
    fn who_reads_along_at_the_node_of_the_run_is_never_reset_but_by_another_try(
        pieces in vec("[ab你😀]{0,6}", 1..60),
        reads in vec(0..3_usize, 60),
    ) {
        let mut run = begun(1);
        let mut client = Client::new(1);
        for (piece, reads) in pieces.iter().zip(reads) {
            run.say(0, piece);
            client.read(&run, reads);
            client.come_back();
            prop_assert!(pieces.concat().starts_with(&client.texts[0]));
        }
        succeed(&mut run, 0, &pieces.concat());
        client.read_all(&run);
        prop_assert_eq!(&client.texts[0], &pieces.concat());
        prop_assert_eq!(client.resets, 0);
    }

    #[test]
    fn another_node_that_is_told_everything_knows_the_same(pieces in vec("[ab你]{0,9}", 1..40)) {
        let (mut here, mut there) = (begun(1), Progress::default());
        there.learn(here.whole());
        let (mut told, mut client) = (Cursor::new(RUN), Client::new(1));
        here.since(&mut told);
        for piece in &pieces {
            here.say(0, piece);
            let word = serde_json::to_string(&here.since(&mut told)).unwrap();
            there.learn(serde_json::from_str(&word).unwrap());
            client.read_all(&there);
            prop_assert_eq!(client.texts[0].as_str(), here.steps[0].text.all().unwrap().more);
        }
        prop_assert_eq!(client.resets, 0);
    }
}
