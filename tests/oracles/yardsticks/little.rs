//! Little's law: as many are there as come in the time that one stays.

use super::{
    cluster::{ANY, deployment, requests, scenario, station},
    effort::Effort,
    finding::{Estimate, Finding},
    row::Row,
};

/// So many looks in each of so many parts of a run, a mean stay apart.
const LOOKS: usize = 200;

/// Asks a row of a run: pods with a worker for each request, whom nobody waits for.
pub(crate) fn ask(row: Row<'_>, effort: Effort) -> Result<Vec<Finding>, &'static str> {
    let (rate, stay) = (row.given("lambda"), row.given("W"));
    let parts = effort.of(40, 400);
    // Those who come first find nobody there.
    let begin = 20.0 * stay;
    let seconds = begin + (parts * LOOKS) as f64 * stay;
    let spec = format!(
        "  images: {{ server: {{ start: 0s, serviceTime: exp({:.0}ns), concurrency: 1000000 }} }}
  clients:
    - {{ name: client, target: http://station/, arrivals: poisson({rate}/s), timeout: 100s }}",
        stay * 1e9
    );
    let objects = [deployment("server", "server", 3, ANY), station(80, "")];
    let scenario = scenario(seconds + 40.0 * stay, 3, &spec, &objects);
    let mut there = vec![0.0; parts * LOOKS];
    let (mut stays, mut came) = (Vec::new(), 0.0);
    requests(&scenario, row.seed(0), |ended, request| {
        let since = |time: engine::Time| (time - sim::BEGIN).as_secs_f64();
        let look = |time| ((since(time) - begin) / stay).ceil().max(0.0) as usize;
        for there in there.iter_mut().take(look(ended)).skip(look(request.arrived)) {
            *there += 1.0;
        }
        if (begin..seconds).contains(&since(request.arrived)) {
            came += 1.0;
            stays.push(since(ended) - since(request.arrived));
        }
    });
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
    let there = Estimate::of(&there.chunks(LOOKS).map(mean).collect::<Vec<_>>());
    let (arrived, mean_stay) = (came / (seconds - begin), mean(&stays));
    Ok(vec![
        Finding::computed("how many are there", row.known("L"), there),
        // The law itself: with the rate and the time that this run happened to have.
        Finding::near("those beside rate times stay", arrived * mean_stay, 0.0, there),
    ])
}
