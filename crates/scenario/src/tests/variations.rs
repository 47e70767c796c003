//! Variants of a scenario: what comes of an option, and what is wrong with one.

use super::{Memory, judge};
use crate::{
    Arrivals, Connections, Loaded, ProxyMode, Style, Variation, load, load_variant, render,
};

const TEXT: &str = "\
apiVersion: rollsim.dev/v1
kind: Scenario
metadata: { name: short }
spec:
  duration: 10s
  images: { 'web:v1.2': { start: 1s } }
  clients:
    - name: shop
      target: http://web/
      arrivals: poisson(50/s)
      retries: { attempts: 2, on: [refused] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [ { name: web, image: 'web:v1.2', ports: [ { containerPort: 80 } ] } ] }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [ { port: 80 } ] }
";

fn variation(options: &[&str]) -> Result<Variation, String> {
    let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
    Variation::read(&options)
        .map_err(|found| render(&found.diagnostics, &found.sources, Style::Plain))
}

fn loads(options: &[&str]) -> Vec<(String, Loaded)> {
    let variation = variation(options).expect("the options are right");
    let (paths, files) = (["app.yaml".to_owned()], Memory::new(&[("app.yaml", TEXT)]));
    let load = |variant: &_| load_variant(&paths, &files, &judge, &variation, variant);
    let variants = variation.variants();
    variants.iter().map(|variant| (variant.name().to_owned(), load(variant))).collect()
}

/// What is said, of all variants.
fn said(options: &[&str]) -> String {
    match variation(options) {
        Err(said) => said,
        Ok(_) => {
            let shown =
                |(_, it): &(String, Loaded)| render(&it.diagnostics, &it.sources, Style::Plain);
            loads(options).iter().map(shown).collect()
        }
    }
}

#[test]
fn a_value_is_in_the_scenario_as_if_it_were_written_there() {
    let written = |text: &str| {
        let files = Memory::new(&[("app.yaml", text)]);
        load(&["app.yaml".to_owned()], &files, &judge).scenario.expect("it is right")
    };
    // An option, and for each of its values what stands where in the text.
    let cases: [(&str, [(&str, &str); 2]); 5] = [
        ("duration=20s,10s", [("duration: 10s", "duration: 20s"), ("", "")]),
        (
            "clients.shop.arrivals=constant(5/s), \"steps(0s: 1/s, 5s: 2/s)\"",
            [("poisson(50/s)", "constant(5/s)"), ("poisson(50/s)", "\"steps(0s: 1/s, 5s: 2/s)\"")],
        ),
        ("spec.images.web:v1.2.start=3s,1s", [("start: 1s", "start: 3s"), ("", "")]),
        (
            "clients[0].retries.on=[reset, timeout],null",
            [("on: [refused]", "on: [reset, timeout]"), (", on: [refused]", "")],
        ),
        (
            "cluster.proxy.mode=ipvs,nftables",
            [
                ("  images:", "  cluster: { proxy: { mode: ipvs } }\n  images:"),
                ("  images:", "  cluster: { proxy: { mode: nftables } }\n  images:"),
            ],
        ),
    ];
    for (option, changes) in cases {
        let loads = loads(&[option]);
        assert_eq!(loads.len(), 2, "{option}");
        for ((name, loaded), (from, to)) in loads.into_iter().zip(changes) {
            let varied = loaded.scenario.unwrap_or_else(|| panic!("{option} {name}"));
            let written = written(&TEXT.replace(from, to));
            assert_eq!(format!("{varied:?}"), format!("{written:?}"), "{option} {name}");
        }
    }
}

#[test]
fn several_fields_make_all_combinations() {
    let options = ["cluster.proxy.mode=iptables,ipvs", "clients.shop.connections=perRequest,http2"];
    let loads = loads(&options);
    let names: Vec<&str> = loads.iter().map(|(name, _)| name.as_str()).collect();
    let expected = ["iptables, perRequest", "iptables, http2", "ipvs, perRequest", "ipvs, http2"];
    assert_eq!(names, expected);
    let last = loads[3].1.scenario.as_ref().expect("it is right");
    assert_eq!(last.cluster.proxy.mode, ProxyMode::Ipvs);
    assert!(!matches!(last.clients[0].connections, Connections::PerRequest));
    assert!(matches!(last.clients[0].arrivals, Arrivals::Poisson { .. }));
    let variation = variation(&options).expect("the options are right");
    assert_eq!(variation.named("ipvs,http2"), Ok(3));
    let help = variation.named("ipvs,htp2");
    assert_eq!(help, Err("did you mean `ipvs, http2`?".to_owned()));
}

#[test]
fn what_is_wrong_is_shown_in_the_option() {
    // Options, and what is said.
    let cases: [(&[&str], &[&str]); 19] = [
        (&["duration"], &["RS0220", "--vary:1:1", "no field with values"]),
        (&["=a,b"], &["RS0220", "`` is no path"]),
        (&["a..b=a,b"], &["--vary:1:1", "`a..b` is no path"]),
        (&["duration="], &["--vary:1:1", "`duration` is given no value", "duration=a,b"]),
        (&["duration=10s"], &["--vary:1:10", "there is nothing to compare `10s` with"]),
        (
            &["cluster.controlPlane.foo=1"],
            &["--vary:1:1", "`spec.cluster.controlPlane.foo` is no field", "`watchLag`"],
        ),
        (&["cluster.proxy.mod=ipvs"], &["--vary:1:1", "did you mean `mode`?"]),
        (&["duration={ 10s,20s"], &["a bracket that is not closed"]),
        (&["duration=10s,,20s"], &["--vary:1:14", "a value is empty"]),
        (&["duration=10s,20s,10s"], &["--vary:1:18", "`10s` is there twice", "first here"]),
        (&["duration=1s,2s", "duration=3s,4s"], &["--vary:2:1", "vary twice", "first here"]),
        (&["seed=1,2"], &["--vary:1:1", "`seed` cannot vary", "--seeds"]),
        (
            &["duratoin=1s,2s"],
            &["RS0101", "--vary:1:1", "spec.duratoin", "did you mean `duration`"],
        ),
        (
            &["cluster.proxy.mod=a,b"],
            &["RS0101", "--vary:1:1", "spec.cluster.proxy.mod", "did you mean `mode`"],
        ),
        (
            &["cluster.proxy.mode=iptables,iptabels"],
            &["--vary:1:29", "unknown choice `iptabels`", "did you mean `iptables`?"],
        ),
        (&["clients.shpo.timeout=1s,2s"], &["has no item `shpo`", "did you mean `shop`?"]),
        (&["duration.x=1s,2s"], &["`spec.duration` is the text \"10s\", which has no fields"]),
        (&["duration=1s,{ a"], &["RS0010", "--vary:1:13", "unclosed bracket"]),
        (
            &[
                "cluster.proxy.mode=iptables,ipvs",
                "clients.shop.arrivals=poisson(5/s),poisson(5/d)",
            ],
            &["--vary:2:46", "unknown unit"],
        ),
    ];
    for (options, words) in cases {
        let said = said(options);
        for word in words {
            assert!(said.contains(word), "{options:?}: `{word}` is not in\n{said}");
        }
    }
}

#[test]
fn a_variation_wants_a_scenario_and_not_too_many_variants() {
    let variation = variation(&["duration=1s,2s"]).expect("it is right");
    let manifests = TEXT.split_once("---\n").expect("there are manifests").1;
    let files = Memory::new(&[("app.yaml", manifests)]);
    let variants = variation.variants();
    let paths = ["app.yaml".to_owned()];
    let loaded = load_variant(&paths, &files, &judge, &variation, &variants[0]);
    assert!(loaded.scenario.is_none());
    let none = render(&loaded.diagnostics, &loaded.sources, Style::Plain);
    assert!(none.contains("there is no Scenario whose fields could vary"), "{none}");
    let many: Vec<String> = (1..=101).map(|place| format!("{place}s")).collect();
    let option = format!("duration={}", many.join(","));
    let said = said(&[&option]);
    assert!(said.contains("these are 101 variants"), "{said}");
}
