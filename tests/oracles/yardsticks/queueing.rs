//! Queues: pods behind balancers, with one queue for all workers or one for each.

use super::{
    effort::Effort,
    finding::{Estimate, Finding},
    row::Row,
    station::{MOST_REQUESTS, Measure, Service, Station},
};

/// So often at least a thing has to be seen.
const SEEN: f64 = 1_000.0;

/// What a row has to say of a measure.
struct Question {
    what: &'static str,
    measure: Measure,
    /// How often it is other than nothing.
    often: f64,
    /// Makes a finding of what was measured.
    finding: Box<dyn Fn(Estimate) -> Finding>,
}

fn computed(what: &'static str, measure: Measure, expected: f64) -> Question {
    let finding = move |estimate| Finding::computed(what, expected, estimate);
    Question { what, measure, often: 1.0, finding: Box::new(finding) }
}

/// One in a hundred is longer than this; nothing is asked where that is no time at all.
fn hundredth(what: &'static str, measure: fn(f64) -> Measure, limit: f64) -> Option<Question> {
    (limit > 0.0).then(|| Question { often: 0.01, ..computed(what, measure(limit), 0.01) })
}

/// Asks a row of a run.
pub(crate) fn ask(row: Row<'_>, effort: Effort) -> Result<Vec<Finding>, &'static str> {
    let (station, mut questions) = question(row)?;
    let most = effort.of(f64::INFINITY, MOST_REQUESTS);
    questions.retain(|question| question.often * most >= SEEN);
    let rarest = questions.iter().map(|question| question.often).fold(1.0, f64::min);
    let wanted = station.requests(effort, rarest).ok_or("only in the long runs")?;
    // What is hardly ever seen has an error that nobody can know.
    questions.retain(|question| question.often * wanted as f64 >= SEEN);
    let measures: Vec<Measure> = questions.iter().map(|question| question.measure).collect();
    let estimates = station.ask(row, wanted, &measures);
    let answered = questions.iter().zip(estimates);
    let findings = answered.map(|(question, estimate)| {
        let finding = (question.finding)(estimate);
        debug_assert_eq!(finding.what, question.what);
        finding
    });
    let mut findings: Vec<Finding> = findings.collect();
    if row.input("policy") == "po3" {
        // Three of which two may be the same are worse than three, and better than two.
        let two = Station { policy: "tower.p2c".to_owned(), ..station };
        let wanted = two.requests(effort, rarest).ok_or("only in the long runs")?;
        let two = two.ask(row, wanted, &measures);
        let what = "the same beside two distinct";
        findings.push(Finding::at_most(what, two[0].mean, findings[0].measured));
    }
    Ok(findings)
}

fn question(row: Row<'_>) -> Result<(Station, Vec<Question>), &'static str> {
    use Measure::{Sojourn, SojournBeyond, TurnedAway, Wait, WaitBeyond, Waits};
    let speed = || row.given("mu");
    let services = |name: &str| row.known(name) * speed();
    let offered = || row.given("lambda") / speed();
    let asked = match row.family() {
        "queue_mm1" => {
            let mut questions = vec![
                computed("mean sojourn", Sojourn, services("W")),
                computed("mean wait", Wait, services("Wq")),
                computed("share that waits", Waits, row.known("P_wait")),
            ];
            questions.extend(hundredth("share beyond p99", SojournBeyond, services("p99")));
            (Station::with(1, 1, offered()), questions)
        }
        "queue_mmc" => {
            let often = row.known("erlang_c");
            let mut questions = vec![
                computed("mean sojourn", Sojourn, services("W")),
                Question { often, ..computed("mean wait", Wait, services("Wq")) },
                Question { often, ..computed("share that waits", Waits, often) },
            ];
            questions.extend(hundredth(
                "share beyond p99 of waits",
                WaitBeyond,
                services("Wq_p99"),
            ));
            (Station::with(1, row.count("c"), offered()), questions)
        }
        "queue_mg1" => {
            let mean = row.given("E_S");
            let questions = vec![
                computed("mean sojourn", Sojourn, row.known("W") / mean),
                computed("mean wait", Wait, row.known("Wq") / mean),
            ];
            let load = row.given("lambda") * mean;
            let service = service(row.given("scv"));
            (Station { service, ..Station::with(1, 1, load) }, questions)
        }
        "queue_mm1k" => {
            let backlog = row.count("K_including_service") - 1;
            let questions = vec![
                computed("share turned away", TurnedAway, row.known("P_block")),
                computed("mean sojourn", Sojourn, services("W_accepted")),
            ];
            (Station { backlog, ..Station::with(1, 1, offered()) }, questions)
        }
        "erlang_b" => {
            let asked = Station::with(1, row.count("servers"), row.given("offered"));
            let questions = vec![computed("share turned away", TurnedAway, row.known("blocking"))];
            (Station { backlog: 0, ..asked }, questions)
        }
        "queue_rr_split" => in_turn(row),
        "queue_supermarket" => supermarket(row)?,
        _ => balanced(row)?,
    };
    Ok(asked)
}

/// A service of this squared coefficient of variation: the mean of a queue in the order of arrival
/// asks for no more (Pollaczek and Khinchine).
fn service(scv: f64) -> Service {
    let is = |value: f64| (scv - value).abs() < 1e-6;
    match scv {
        _ if is(0.0) => Service::Constant,
        _ if is(1.0) => Service::Exponential,
        _ if is(1.0 / 3.0) => Service::Uniform,
        _ => Service::LogNormal(scv),
    }
}

/// So many pods are taken for infinitely many where each has an equal part of the requests.
const MANY: u64 = 1_000;

/// One balancer that takes pods in turn.
fn in_turn(row: Row<'_>) -> (Station, Vec<Question>) {
    use Measure::{Sojourn, SojournBeyond, Wait};
    let rho = row.given("rho");
    let station = |pods: u64| Station {
        policy: "envoy.round_robin".to_owned(),
        ..Station::with(pods, 1, rho * pods as f64)
    };
    let [sojourn, wait] = ["W_round_robin", "Wq_round_robin"].map(|name| row.known(name));
    if let Some(pods) = row.input("N").as_u64() {
        let mut questions =
            vec![computed("mean sojourn", Sojourn, sojourn), computed("mean wait", Wait, wait)];
        let p99 = row.expected("p99_round_robin").as_f64().unwrap_or(0.0);
        questions.extend(hundredth("share beyond p99", SojournBeyond, p99));
        return (station(pods), questions);
    }
    // The gaps of a pod are sums of so many of the stream's: their squared coefficient of variation
    // is one by that number, and waits grow as with it.
    let finite = sojourn / MANY as f64;
    let what = "mean sojourn (1,000 pods)";
    let finding = move |estimate| Finding::near(what, sojourn, finite, estimate);
    (
        station(MANY),
        vec![Question { what, measure: Sojourn, finding: Box::new(finding), often: 1.0 }],
    )
}

/// The best of a few of many, by their queues.
fn supermarket(row: Row<'_>) -> Result<(Station, Vec<Question>), &'static str> {
    let (choices, rho) = (row.count("d"), row.given("lambda"));
    let policy = match choices {
        2 => "tower.p2c".to_owned(),
        _ => format!("{{ envoy.least_request: {{ choice_count: {choices} }} }}"),
    };
    let station =
        |pods: u64| Station { policy: policy.clone(), ..Station::with(pods, 1, rho * pods as f64) };
    if let Some(pods) = row.input("N").as_u64() {
        // What a paper printed, as it is remembered.
        let known = row.known("mean_sojourn_simulated_in_paper");
        let slack = known * row.0["tolerance"].as_f64().unwrap_or(0.0);
        let what = "mean sojourn";
        let finding = move |estimate| Finding::near(what, known, slack, estimate);
        let question =
            Question { what, measure: Measure::Sojourn, finding: Box::new(finding), often: 1.0 };
        return Ok((station(pods), vec![question]));
    }
    let known = row.known("mean_sojourn");
    // Of two choices and a load of 0.95, a hundred pods are 2 % above the limit, and the more there
    // are the less, in proportion; nearer to 1 it is more, as 1/(1-ρ).
    let (pods, what) = match rho > 0.97 {
        true => (4_000, "mean sojourn (4,000 pods)"),
        false => (MANY, "mean sojourn (1,000 pods)"),
    };
    let finite = known * 0.1 / (1.0 - rho) / pods as f64;
    let finding = move |estimate| Finding::near(what, known, finite, estimate);
    let question =
        Question { what, measure: Measure::Sojourn, finding: Box::new(finding), often: 1.0 };
    Ok((station(pods), vec![question]))
}

/// Pods behind balancers: the policy that is meant, and how many of them there are.
fn balanced(row: Row<'_>) -> Result<(Station, Vec<Question>), &'static str> {
    let text = row.input("policy").as_str().ok_or("a question that nobody asked before")?;
    let policy = match text {
        "random" => "envoy.random",
        "rr" => "envoy.round_robin",
        "po2" | "po2local" => "tower.p2c",
        "po2wr" => "envoy.least_request",
        // With replacement: the best of three that need not differ.
        "po3" => "{ envoy.least_request: { choice_count: 3 } }",
        "jsq" => "oracle.jsq",
        "jiq" => "oracle.jiq",
        "lclocal" => "{ envoy.least_request: { selection_method: FULL_SCAN } }",
        _ if text.starts_with("join shortest queue") => "oracle.jsq",
        _ if text.contains("DISTINCT") => "tower.p2c",
        _ if text.contains("WITH replacement") => "envoy.least_request",
        _ => return Err("a policy that nobody has"),
    };
    let (pods, rho) = (row.count("N"), row.given("rho"));
    let senders = row.input("lb_instances").as_u64().unwrap_or(1);
    let policy = policy.to_owned();
    let station = Station { policy, senders, ..Station::with(pods, 1, rho * pods as f64) };
    let known = row.known("mean_sojourn");
    let half_width = row.expected("ci95_halfwidth").as_f64();
    let measure = Measure::Sojourn;
    let question = match half_width {
        _ if text == "po3" => {
            let what = "mean sojourn (of three distinct; here with replacement)";
            let finding = move |estimate| Finding::at_least(what, known, estimate);
            Question { what, measure, finding: Box::new(finding), often: 1.0 }
        }
        Some(half_width) => {
            let what = "mean sojourn";
            let finding = move |estimate| Finding::simulated(what, known, half_width, estimate);
            Question { what, measure, finding: Box::new(finding), often: 1.0 }
        }
        None => computed("mean sojourn", measure, known),
    };
    Ok((station, vec![question]))
}
