//! The few choices of gRPC, by load.

use crate::{
    Entry, Kind, Level, Parameter,
    block::{Choice, Outstanding, Sampling},
};

/// Its line in the catalogue.
pub static ENTRY: Entry = Entry {
    name: "grpc.least_request",
    summary: "the best of a few by outstanding calls",
    level: Level::Request,
    on_change: "who stays ready keeps its outstanding calls; who is new has none",
    parameters: &[Parameter {
        name: "choiceCount",
        summary: "How many endpoints are compared.",
        kind: Kind::Integer { default: 2, min: 2, max: 10 },
    }],
    build: |settings, _| {
        let sampling = Sampling::Replacement(settings.integer("choiceCount") as u32);
        Box::new(GrpcLeastRequest::new(sampling, Outstanding::default()))
    },
};

/// **What it does** A few endpoints are drawn, two by default, and the one with the fewest
/// outstanding calls is picked, the first of those that have as many. The same one may be drawn
/// twice.
///
/// **Where it is used** gRPC, `least_request_experimental`, for each call; each channel counts for
/// itself.
///
/// **What it needs to know** The endpoints it is connected to, and which of its own calls are
/// outstanding.
///
/// **When it goes wrong** One in *n* picks compares nothing, since both draws are the same. With
/// many clients of few calls each it is little better than chance. Weights are ignored.
///
/// **Reference** gRFC A48; `balancer/leastrequest/leastrequest.go` of grpc-go.
pub type GrpcLeastRequest = Choice<Outstanding>;
