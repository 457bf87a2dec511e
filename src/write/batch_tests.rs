//! What a batch generates, read back word by word.

use proptest::prelude::*;

use super::*;
use crate::dataset::{Amount, Request};
use crate::write::walk::Order;

fn spec(keys: u64, value_size: u64) -> Arc<Spec> {
    let request =
        Request { amount: Amount::Keys(keys), key_size: 20, value_size, prefix: "p".into(), seed: 3 };
    Arc::new(Spec::new(&request).unwrap())
}

/// The commands of a stream, each as its words.
fn commands(mut wire: &[u8]) -> Vec<Vec<Vec<u8>>> {
    fn number(wire: &mut &[u8], kind: u8) -> usize {
        assert_eq!(wire[0], kind, "{:?}", String::from_utf8_lossy(&wire[..wire.len().min(60)]));
        let end = wire.iter().position(|&b| b == b'\r').unwrap();
        let number = std::str::from_utf8(&wire[1..end]).unwrap().parse().unwrap();
        *wire = &wire[end + 2..];
        number
    }
    let mut commands = Vec::new();
    while !wire.is_empty() {
        let words = (0..number(&mut wire, b'*')).map(|_| {
            let length = number(&mut wire, b'$');
            let word = wire[..length].to_vec();
            assert_eq!(&wire[length..length + 2], b"\r\n");
            wire = &wire[length + 2..];
            word
        });
        commands.push(words.collect());
    }
    commands
}

/// Generates everything, and returns the stream and its pipelines.
fn generate(batch: &mut Batch, fill_to: usize) -> (Vec<u8>, Vec<Ended>) {
    let (mut wire, mut pipelines, mut chunk) = (Vec::new(), Vec::new(), Vec::new());
    while !batch.is_done() {
        pipelines.extend(batch.fill(&mut chunk, fill_to, false));
        wire.append(&mut chunk);
    }
    (wire, pipelines)
}

fn text(words: &[Vec<u8>]) -> String {
    words.iter().map(|word| String::from_utf8_lossy(word)).collect::<Vec<_>>().join(" ")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_key_comes_once_with_its_value_in_pipelines_of_the_depth(
        keys in 1..3000u64, value_size in prop_oneof![0..40u64, Just(70_000)], mset in any::<bool>(),
        group in 1..50u64, depth in 1..200u64, exact in any::<bool>(), reply_on in any::<bool>(),
        stride in any::<bool>(), fill_to in 1..200_000usize, ttl in any::<bool>(), wait in any::<bool>(),
        counts in any::<bool>(),
    ) {
        let keys = if value_size > 1000 { keys.min(200) } else { keys };
        let spec = spec(keys, value_size);
        let values = Arc::new(Values::new(&spec));
        let order = if stride && !mset { Order::Stride } else { Order::Slot };
        let options = BatchOptions {
            command: if mset { Command::Mset } else { Command::Set },
            group: if mset { group } else { 1 },
            depth: if exact { Depth::Exactly(depth) } else { Depth::AtLeast(depth) },
            reply: if reply_on { ReplyMode::On } else { ReplyMode::Off },
            ttl: (ttl && !mset).then_some(TimeToLive(Duration::from_millis(1500))),
            wait: wait.then_some(ReplicaWait { replicas: 2, timeout: Duration::from_millis(2500) }),
        };
        let slots: Arc<[u16]> = (0..16384).collect();
        let walk = Walk::new(spec.clone(), &slots, &[0; 16384], order);
        let mut batch = Batch::new(walk, &spec, values.clone(), options);
        batch.ask_at_the_end(counts);
        let (wire, pipelines) = generate(&mut batch, fill_to);

        let mut expected: std::collections::HashMap<Vec<u8>, Vec<u8>> = (0..keys)
            .map(|i| (spec.key(i), values.value(Position::of_index(i))))
            .collect();
        let (mut on, mut pipeline, mut sizes, mut replies) = (true, 0u64, Vec::new(), 0u64);
        let mut answered = Vec::new();
        let (mut closing, mut waits, mut asked) = (false, 0, 0);
        for words in commands(&wire) {
            let name = text(&words[..1]);
            match name.as_str() {
                "CLIENT" if text(&words) == "CLIENT REPLY OFF" => { prop_assert!(on); on = false; }
                "CLIENT" if text(&words) == "CLIENT INFO" => {
                    prop_assert!(on && (pipeline == 0 || reply_on));
                    replies += u64::from(reply_on);
                    asked += 1;
                }
                "WAIT" => {
                    prop_assert!(wait && on && pipeline == 0 || reply_on);
                    prop_assert_eq!(text(&words), "WAIT 2 2500");
                    replies += u64::from(reply_on);
                    waits += 1;
                }
                "CLIENT" => {
                    prop_assert_eq!(text(&words), "CLIENT REPLY ON");
                    prop_assert!(!on);
                    (on, closing, replies) = (true, true, replies + 1);
                }
                _ => {
                    let pairs = if name == "MSET" { &words[1..] } else { &words[1..3] };
                    if name == "SET" {
                        let ttl = text(&words[3..]);
                        prop_assert_eq!(ttl, if options.ttl.is_some() { "PX 1500" } else { "" });
                    }
                    for pair in pairs.chunks(2) {
                        let value = expected.remove(&pair[0]);
                        prop_assert!(value.as_ref() == Some(&pair[1]), "{:?}", text(&pair[..1]));
                        pipeline += 1;
                    }
                    replies += u64::from(on);
                    if closing {
                        sizes.push(pipeline);
                        answered.push(replies + u64::from(wait));
                        (pipeline, replies, closing) = (0, 0, false);
                    }
                }
            }
        }
        // Only at the end.
        prop_assert_eq!(asked, u64::from(counts));
        prop_assert_eq!(pipelines.iter().map(|p| u64::from(p.asks)).sum::<u64>(), asked);
        prop_assert!(!counts || pipelines.last().unwrap().asks);
        if let Some(last) = answered.last_mut() {
            *last += asked;
        }
        prop_assert_eq!(waits, if wait { pipelines.len() } else { 0 });
        prop_assert!(expected.is_empty(), "{} keys never came", expected.len());
        prop_assert_eq!(pipelines.iter().map(|p| p.keys).sum::<u64>(), keys);
        if reply_on {
            prop_assert_eq!(pipelines.iter().map(|p| p.replies).sum::<u64>(), replies);
        } else {
            prop_assert_eq!(pipelines.iter().map(|p| p.keys).collect::<Vec<_>>(), sizes);
            prop_assert_eq!(pipelines.iter().map(|p| p.replies).collect::<Vec<_>>(), answered);
        }
        for (i, pipeline) in pipelines.iter().enumerate() {
            let last = i + 1 == pipelines.len();
            let most = if exact { depth } else { depth + options.group - 1 };
            prop_assert!(pipeline.keys <= most && (last || pipeline.keys >= depth), "{:?}", pipeline);
        }
    }
}

#[test]
fn a_pipeline_cut_short_ends_with_its_command_and_a_barrier() {
    let spec = spec(16384 * 20, 10);
    let options = BatchOptions {
        command: Command::Mset,
        group: 20,
        depth: Depth::Exactly(1000),
        reply: ReplyMode::Off,
        ttl: None,
        wait: Some(ReplicaWait { replicas: 1, timeout: Duration::from_micros(1) }),
    };
    let walk = Walk::new(spec.clone(), &[1, 2, 3], &[0; 16384], Order::Slot);
    let mut batch = Batch::new(walk, &spec, Arc::new(Values::new(&spec)), options);
    let mut wire = Vec::new();
    assert_eq!(batch.fill(&mut wire, 100, false), None);
    let mut rest = Vec::new();
    assert_eq!(
        batch.fill(&mut rest, usize::MAX, true),
        Some(Ended { keys: 20, commands: 1, replies: 2, asks: false })
    );
    wire.append(&mut rest);
    let commands = commands(&wire);
    let names: Vec<String> = commands.iter().map(|words| text(&words[..1])).collect();
    assert_eq!(names, ["CLIENT", "MSET", "CLIENT", "WAIT"]);
    assert_eq!(text(&commands[2]), "CLIENT REPLY ON");
    // Never 0, which would be for ever.
    assert_eq!(text(&commands[3]), "WAIT 1 1");
    assert!(batch.between_pipelines());
    assert_eq!(batch.walk().left(), 40);
}

#[test]
fn the_next_pipeline_that_ends_asks_if_that_is_wanted_and_so_does_one_that_is_cut() {
    let spec = spec(16384 * 4, 10);
    let options = BatchOptions {
        command: Command::Set,
        group: 1,
        depth: Depth::Exactly(2),
        reply: ReplyMode::Off,
        ttl: None,
        wait: None,
    };
    let walk = Walk::new(spec.clone(), &[1, 2, 3], &[0; 16384], Order::Slot);
    let mut batch = Batch::new(walk, &spec, Arc::new(Values::new(&spec)), options);
    let next = |batch: &mut Batch, cut| {
        let mut wire = Vec::new();
        let ended = batch.fill(&mut wire, usize::MAX, cut).unwrap();
        let words: Vec<String> = commands(&wire).iter().map(|words| text(words)).collect();
        assert_eq!(ended.asks, words.last().unwrap() == "CLIENT INFO");
        (ended.asks, ended.replies)
    };
    batch.ask_at_the_end(true);
    assert_eq!(next(&mut batch, false), (false, 2));
    batch.ask_soon();
    assert_eq!(next(&mut batch, false), (true, 3));
    assert_eq!(next(&mut batch, false), (false, 2));
    assert_eq!(batch.fill(&mut Vec::new(), 60, false), None);
    assert_eq!(next(&mut batch, true), (true, 2));
}
