//! `spec.images`: how the program in an image behaves.

use std::{collections::BTreeMap, sync::Arc};

use engine::{Delay, Distribution, Span};

use super::{
    UsedImage,
    cluster::set,
    item::{Fields, Item, Reading},
};
use crate::{
    Code, Diagnostic, Image, OnSigterm, WarmUp, diagnostic::did_you_mean, source::At, yaml::Value,
};

/// How a program is taken to behave where nobody says: the text of RS0212.
pub(crate) fn default_image() -> Image {
    Image {
        start: Distribution::Constant(Span::from_secs(2)).into(),
        ready: Delay::ZERO,
        stop: Delay::ZERO,
        service_time: Distribution::Exponential { mean: Span::from_millis(20) },
        concurrency: 8,
        // net.core.somaxconn was 128 for decades, and most servers still ask for no more.
        backlog: 128,
        warm_up: None,
        on_sigterm: OnSigterm::Exit,
        listen: Vec::new(),
        crash_after: None,
        idle_timeout: None,
        stated: false,
    }
}

impl Reading<'_> {
    /// `spec.images`.
    pub(super) fn images(&mut self, item: &Item<'_>) -> BTreeMap<Arc<str>, Image> {
        let names = self.names(item);
        names.each().map(|(name, item)| (name.into(), self.image(&item))).collect()
    }

    fn image(&mut self, item: &Item<'_>) -> Image {
        const KNOWN: [&str; 12] = [
            "start",
            "ready",
            "stop",
            "serviceTime",
            "concurrency",
            "backlog",
            "warmUp",
            "onSigterm",
            "lameDuck",
            "listen",
            "crashAfter",
            "idleTimeout",
        ];
        const PLANNED: [&str; 5] = ["calls", "memory", "cpu", "errorRate", "pull"];
        let mut image = Image { stated: true, ..default_image() };
        if matches!(item.node.value, Value::Null) {
            return image;
        }
        let fields = self.fields(item, &KNOWN, &PLANNED);
        self.set_delay(&fields, "start", &mut image.start);
        self.set_delay(&fields, "ready", &mut image.ready);
        self.set_delay(&fields, "stop", &mut image.stop);
        // A program that hangs for longer than the run is one that is rehearsed, so nothing is said of it.
        if let Some(item) = fields.get("serviceTime") {
            set(&mut image.service_time, self.distribution(&item));
        }
        let mut integer = |name: &str, least, target: &mut u32| {
            if let Some(value) =
                fields.get(name).and_then(|item| self.small(&item, least..=1_000_000))
            {
                *target = value;
            }
        };
        integer("concurrency", 1, &mut image.concurrency);
        integer("backlog", 0, &mut image.backlog);
        image.warm_up = fields.get("warmUp").and_then(|item| self.warm_up(&item));
        image.on_sigterm = self.on_sigterm(&fields);
        image.crash_after = fields.get("crashAfter").and_then(|item| self.span(&item));
        image.idle_timeout = fields.get("idleTimeout").and_then(|item| self.lasting(&item));
        for item in fields.get("listen").map(|item| self.list(&item)).unwrap_or_default() {
            let port = self.small(&item, 1..=65535);
            image.listen.extend(port.and_then(|port| u16::try_from(port).ok()));
        }
        image
    }

    /// A distribution, or a list that the pods of the image go through in the order they start.
    fn set_delay(&mut self, fields: &Fields<'_>, name: &str, target: &mut Delay) {
        let Some(item) = fields.get(name) else { return };
        if !matches!(item.node.value, Value::Seq(_)) {
            set(target, self.distribution(&item).map(Delay::from));
            return;
        }
        let items = self.list(&item);
        let spans: Vec<Span> = items.iter().filter_map(|item| self.span(item)).collect();
        if items.is_empty() {
            let message = format!("{}: an empty list", item.path());
            self.report(Code::BadValue, &item, message, "write a duration such as 2s");
        } else if spans.len() == items.len() {
            *target = Delay::InTurn(spans);
        }
    }

    fn warm_up(&mut self, item: &Item<'_>) -> Option<WarmUp> {
        let fields = self.fields(item, &["for", "factor"], &[]);
        let span = self.need(&fields, "for").and_then(|item| self.span(&item));
        let factor = self.need(&fields, "factor").and_then(|item| self.number(&item, 1.0));
        Some(WarmUp { span: span?, factor: factor? })
    }

    /// `onSigterm: exit | drain | ignore`, and `lameDuck`, which only draining has.
    fn on_sigterm(&mut self, fields: &Fields<'_>) -> OnSigterm {
        let drain = OnSigterm::Drain { lame_duck: Span::ZERO };
        let choices = [("exit", OnSigterm::Exit), ("drain", drain), ("ignore", OnSigterm::Ignore)];
        let on_sigterm = fields.get("onSigterm").and_then(|item| self.choice(&item, &choices));
        let on_sigterm = on_sigterm.unwrap_or(OnSigterm::Exit);
        let Some(item) = fields.get("lameDuck") else { return on_sigterm };
        let lame_duck = self.span(&item).unwrap_or(Span::ZERO);
        if let OnSigterm::Drain { .. } = on_sigterm {
            return OnSigterm::Drain { lame_duck };
        }
        let message = format!("{}: only a program that drains has a lame duck period", item.path());
        self.report(Code::BadValue, &item, message, "write `onSigterm: drain` too");
        on_sigterm
    }

    /// Says what is taken for images that nobody describes; several of them have one complaint.
    fn unstated_images(&mut self, images: &[(&str, At)], help: String) {
        let [(name, at), others @ ..] = images else { return };
        let which = match others.len() {
            0 => format!("how image `{name}` behaves"),
            1 => format!("how images `{name}` and `{}` behave", others[0].0),
            more => format!("how image `{name}` and {more} others behave"),
        };
        let message = format!(
            "{which} is not stated: start 2s, exp(20ms) a request and exit on SIGTERM are taken"
        );
        let mut diagnostic = Diagnostic::new(Code::ImageWithoutBehaviour, message, help);
        diagnostic = diagnostic.at(*at, format!("`{name}` here"));
        for (name, at) in others {
            diagnostic = diagnostic.because_of(*at, format!("`{name}` here"));
        }
        self.findings.push(diagnostic);
    }

    /// Adds the documented default for images that are used and not stated, and says so; and says
    /// which are stated and not used, unless what uses them could not be read. Nothing is `stated_at`
    /// where nobody wrote a Scenario, or none that could be read.
    pub(crate) fn complete_images(
        &mut self,
        images: &mut BTreeMap<Arc<str>, Image>,
        stated_at: Option<&BTreeMap<Arc<str>, At>>,
        used: &BTreeMap<Arc<str>, UsedImage>,
        incomplete: bool,
    ) {
        let unwritten = stated_at.is_none();
        let (stated_at, broken) =
            (stated_at.cloned().unwrap_or_default(), self.findings.any_error());
        let unused: Vec<&str> =
            stated_at.keys().filter(|name| !used.contains_key(*name)).map(|name| &**name).collect();
        let mut unstated: Vec<(&str, At)> = Vec::new();
        for (name, UsedImage { at, .. }) in used {
            if images.contains_key(name) {
                continue;
            }
            images.insert(name.clone(), default_image());
            match did_you_mean(name, unused.iter().copied()) {
                Some(other) => {
                    let help = format!("`spec.images` has `{other}`: did you mean this image?");
                    self.unstated_images(&[(name, *at)], help);
                }
                None => unstated.push((name, *at)),
            }
        }
        // The example is whom requests go to, rather than what stands beside it.
        unstated.sort_by_key(|(name, _)| !used[*name].has_ports);
        if let Some((name, _)) = unstated.first().filter(|_| !(unwritten && broken)) {
            let image = format!("`{name:?}: {{ serviceTime: exp(20ms) }}`");
            let each = if unstated.len() > 1 { ", and so for each" } else { "" };
            let help = match unwritten {
                true => format!(
                    "write a Scenario that has {image} in `spec.images`{each}: see docs/scenario.md"
                ),
                false => format!("add {image} to `spec.images`{each}"),
            };
            self.unstated_images(&unstated, help);
        }
        for name in unused {
            if broken || incomplete || self.findings.is_full() {
                return;
            }
            let message = format!("image `{name}` is used nowhere");
            // One that is described already was not meant.
            let others = used.keys().filter(|name| !stated_at.contains_key(*name));
            let help = match did_you_mean(name, others.map(|name| &**name)) {
                Some(other) => format!("did you mean `{other}`?"),
                None => "leave it out, or use it in a pod or in a step of the timeline".to_owned(),
            };
            let diagnostic = Diagnostic::new(Code::UnusedImage, message, help);
            self.findings.push(diagnostic.at(stated_at[name], "has no effect"));
        }
    }
}
