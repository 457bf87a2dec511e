//! A writer whose barriers wait for replicas, and one that asks what its server counts, against a server that answers as it is told.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::dataset::{Amount, Request, Spec, Values};
use crate::write::{BatchOptions, Command, Count, Depth, Order, ReplicaWait, ReplyMode, Walk};

const PIPELINE_KEYS: u64 = 10;
/// The look for which a count is wanted from the beginning.
const LOOK: u64 = 7;
const WAIT: ReplicaWait = ReplicaWait { replicas: 2, timeout: Duration::from_millis(700) };

/// Sends four pipelines of ten keys, two at a time, to a server that answers to each WAIT what `replicas`
/// says, one after another.
async fn written(replicas: &[&str]) -> (Written, Arc<Progress>) {
    let (written, progress, _) = sent(replicas, None).await;
    (written, progress)
}

/// The same, by a writer whose server has `counted` so many of its commands before; and what was sent.
async fn sent(replicas: &[&str], counted: Option<u64>) -> (Written, Arc<Progress>, String) {
    let amount = Amount::Keys(4 * PIPELINE_KEYS);
    let request = Request { amount, key_size: 32, value_size: 8, prefix: String::new(), seed: 0 };
    let spec = Arc::new(Spec::new(&request).unwrap());
    let slots: Vec<u16> = (0..16384).collect();
    let walk = Walk::new(spec.clone(), &slots, &[0; 16384], Order::Slot);
    let options = BatchOptions {
        command: Command::Set,
        group: 1,
        depth: Depth::Exactly(PIPELINE_KEYS),
        reply: ReplyMode::Off,
        ttl: None,
        wait: Some(WAIT),
    };
    let batch = Batch::new(walk, &spec, Arc::new(Values::new(&spec)), options);
    let (client, mut server) = tokio::io::duplex(1 << 20);
    let answers: Vec<String> = replicas.iter().map(ToString::to_string).collect();
    let serving = tokio::spawn(async move {
        let (mut seen, mut told) = (Vec::new(), 0);
        while told < answers.len() && server.read_buf(&mut seen).await.unwrap() > 0 {
            while told < answers.len()
                && seen.windows(8).filter(|window| window == b"WAIT\r\n$1").count() > told
            {
                server.write_all(answers[told].as_bytes()).await.unwrap();
                told += 1;
            }
        }
        // It says nothing more, and does not hang up.
        let _ = server.read_to_end(&mut seen).await;
        seen
    });
    let progress = Arc::new(Progress::default());
    progress.want_count(LOOK);
    let window = Window { pipelines: 2, bytes: 1 << 20 };
    let writer = Writer::new(client, batch, window, None, progress.clone(), Duration::from_millis(300));
    let writer = writer.counting_from(counted);
    let (_stop, stops) = watch::channel(None);
    let written = writer.run(stops).await;
    let seen = serving.await.unwrap();
    let seen = String::from_utf8_lossy(&seen).into_owned();
    assert!(seen.contains("*3\r\n$4\r\nWAIT\r\n$1\r\n2\r\n$3\r\n700\r\n"));
    (written, progress, seen)
}

fn counts(written: &Written) -> (u64, u64, u64) {
    (written.executed, written.unacknowledged, written.commands)
}

const TWO: &str = "+OK\r\n+OK\r\n:2\r\n";
const ONE: &str = "+OK\r\n+OK\r\n:1\r\n";

#[tokio::test]
async fn what_enough_replicas_have_counts() {
    let (written, progress) = written(&[TWO, "+OK\r\n+OK\r\n:3\r\n", TWO, TWO]).await;
    assert_eq!((counts(&written), &written.end), ((40, 0, 40), &End::Done));
    assert_eq!(progress.executed_keys(), 40);
}

#[tokio::test]
async fn replicas_that_catch_up_have_what_came_before() {
    let (written, progress) = written(&[ONE, TWO, TWO, TWO]).await;
    assert_eq!((counts(&written), &written.end), ((40, 0, 40), &End::Done));
    assert_eq!(progress.executed_keys(), 40);
}

#[tokio::test]
async fn what_too_few_have_does_not_count_and_nothing_more_is_sent() {
    for (answers, counted) in [(&[ONE, ONE][..], (0, 20, 20)), (&[TWO, TWO, ONE, ONE], (20, 20, 40))] {
        let (written, progress) = written(answers).await;
        assert_eq!(counts(&written), counted);
        assert_eq!(written.end, End::Behind { replicas: 1, wait: WAIT });
        assert!(!written.unanswered);
        assert_eq!(progress.executed_keys(), counted.0);
    }
}

#[tokio::test]
async fn a_master_that_waits_is_not_silent_before_its_time() {
    let (written, _) = written(&[TWO]).await;
    assert_eq!(written.end, End::Silent(Duration::from_secs(1)));
    assert_eq!((counts(&written), written.unanswered), ((10, 0, 10), true));
}

#[tokio::test]
async fn a_number_that_nothing_asked_for_is_no_answer() {
    let (written, _) = written(&["+OK\r\n:2\r\n"]).await;
    assert!(matches!(&written.end, End::Lost(why) if why.contains("unexpected")), "{written:?}");
}

#[tokio::test]
async fn a_wait_that_is_refused_counts_nothing() {
    let unblocked = "+OK\r\n+OK\r\n-UNBLOCKED force unblock from blocking operation\r\n";
    let (written, _) = written(&[TWO, unblocked, unblocked]).await;
    assert!(matches!(&written.end, End::Refused(why) if why.starts_with("UNBLOCKED")), "{written:?}");
    assert_eq!(written.executed, 10);
}

/// The answers to a pipeline that asks.
fn counting(counted: u64) -> String {
    let line = format!("id=3 cmd=client|info tot-cmds={counted}\n");
    format!("+OK\r\n+OK\r\n${}\r\n{line}\r\n:2\r\n", line.len())
}

/// Of ten keys, their frame, and the question; and what waits for replicas stands after it.
const FIRST: u64 = 3 + 1 + 12;
const LAST: u64 = FIRST + 2 + 13 + 13 + 12;
const QUESTION: &str = "*2\r\n$6\r\nCLIENT\r\n$4\r\nINFO\r\n*3\r\n$4\r\nWAIT\r\n";

#[tokio::test]
async fn a_server_is_asked_what_it_counts_when_that_is_wanted_and_at_the_end() {
    for (last, refused) in [(LAST, 0), (LAST - 4, 4)] {
        let answers = [&*counting(FIRST), TWO, TWO, &*counting(last)];
        let (written, progress, seen) = sent(&answers, Some(3)).await;
        assert_eq!((counts(&written), &written.end), ((40, 0, 40), &End::Done));
        let asked = seen.split("WAIT\r\n").map(|pipeline| pipeline.contains("INFO\r\n")).collect::<Vec<_>>();
        assert_eq!(asked, [true, false, false, true, false]);
        assert_eq!(seen.matches(QUESTION).count(), 2, "{seen}");
        assert_eq!(progress.take_count(), Some(Count { look: LOOK, keys: 40, refused }));
        // They are told of once.
        assert_eq!(progress.take_count(), Some(Count { look: LOOK, keys: 40, refused: 0 }));
    }
}

#[tokio::test]
async fn what_is_refused_once_is_not_refused_again() {
    let answers = [&*counting(FIRST - 2), TWO, TWO, &*counting(LAST - 3)];
    let (_, progress, _) = sent(&answers, Some(3)).await;
    assert_eq!(progress.take_count(), Some(Count { look: LOOK, keys: 40, refused: 3 }));
}

#[tokio::test]
async fn a_server_that_does_not_count_is_not_asked() {
    let (written, progress, seen) = sent(&[TWO; 4], None).await;
    assert_eq!((written.end, progress.take_count()), (End::Done, None));
    assert!(!seen.contains("INFO"));
}

#[tokio::test]
async fn one_that_counts_no_more_is_not_asked_again() {
    let no = "+OK\r\n+OK\r\n-NOPERM this user has no permissions to run 'client|info'\r\n:2\r\n";
    for first in [no, &*counting(FIRST + 1), TWO.replace(":2", "$-1\r\n:2").as_str()] {
        let (written, progress, seen) = sent(&[first, TWO, TWO, TWO], Some(3)).await;
        assert_eq!((counts(&written), &written.end), ((40, 0, 40), &End::Done));
        assert_eq!((seen.matches("INFO").count(), progress.take_count()), (1, None));
    }
}

#[tokio::test]
async fn a_write_that_is_refused_is_no_answer_to_the_question() {
    let refused = counting(FIRST).replacen("+OK\r\n+OK", "+OK\r\n-OOM no room", 1);
    let (written, _, _) = sent(&[&*refused, TWO], Some(3)).await;
    assert!(matches!(&written.end, End::Refused(why) if why.starts_with("OOM")), "{written:?}");
}
