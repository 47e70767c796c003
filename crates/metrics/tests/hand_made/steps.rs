//! Steps of the timeline that were refused, and did nothing: a warning says so.

use record::Record;

use crate::{explanations::two_pods, stream::Stream};

fn step(stream: &mut Stream, millis: u64, text: &str) {
    stream.say(millis, &Record::StepRan { text: text.into() });
}

/// What is warned of besides that there were few requests.
fn warnings(mut stream: Stream) -> Vec<String> {
    stream.answer(50_000, 0, 1);
    let mut warnings = stream.end(60_000).warnings;
    warnings.retain(|warning| !warning.starts_with("only 1 request finished"));
    warnings
}

#[test]
fn a_refused_step_is_told_with_what_kubectl_says() {
    let mut stream = two_pods();
    let refusal =
        "rollout undo deployment/web -> error: no rollout history found for deployment \"web\"";
    step(&mut stream, 12_000, refusal);
    step(&mut stream, 30_250, "rollout resume deployment/web -> error: it is not paused");
    let expected = [
        format!("refused at 12 s: {refusal}"),
        "refused at 30.25 s: rollout resume deployment/web -> error: it is not paused".to_owned(),
    ];
    assert_eq!(warnings(stream), expected);
}

#[test]
fn a_step_that_ran_is_no_reason_for_doubt() {
    let mut stream = two_pods();
    step(&mut stream, 12_000, "set image deployment/web web=web:v2");
    step(&mut stream, 20_000, "scale deployment/web --replicas=3");
    step(&mut stream, 25_000, "apply -f 'a -> b.yaml'");
    assert_eq!(warnings(stream), [""; 0]);
}

#[test]
fn of_many_refused_steps_the_first_are_told_and_the_others_counted() {
    let warned = |steps: u64| {
        let mut stream = two_pods();
        for place in 1..=steps {
            step(&mut stream, place * 1_000, &format!("apply -f {place}.yaml -> error: no"));
        }
        warnings(stream)
    };
    assert_eq!(warned(5).len(), 5);
    let warnings = warned(6);
    assert_eq!(warnings[4], "refused at 5 s: apply -f 5.yaml -> error: no");
    assert_eq!(warnings[5..], ["and 1 more was refused"]);
    assert_eq!(warned(17)[5..], ["and 12 more were refused"]);
}

#[test]
fn where_no_request_was_sent_refused_steps_are_told_too() {
    let mut stream = two_pods();
    step(&mut stream, 0, "scale deployment/late --replicas=3 -> Error from server (NotFound)");
    let expected = [
        "no request was sent, so nothing was measured",
        "refused at 0 s: scale deployment/late --replicas=3 -> Error from server \
         (NotFound)",
    ];
    assert_eq!(stream.end(60_000).warnings, expected);
}
