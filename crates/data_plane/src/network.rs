//! How long packets take from node to node.
//!
//! Nodes hang on their zone's switch, and the zones' switches on one backbone; the delay between
//! two nodes is that of the shortest path. Nothing is lost and nothing is queued on the way.

use api::NodeId;
use engine::{Lane, Span};
use petgraph::{
    algo::dijkstra,
    graph::{NodeIndex, UnGraph},
};

/// One-way delays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delays {
    /// Between two pods on one node.
    pub same_node: Span,
    /// Between two nodes of one zone.
    pub same_zone: Span,
    /// Between two zones; at least `same_zone`.
    pub cross_zone: Span,
    /// Between a client outside and a node.
    pub outside: Span,
}

/// What a vertex of the topology is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Vertex {
    Backbone,
    ZoneSwitch,
    Node,
}

/// The delays between all nodes.
#[derive(Clone, Debug)]
pub struct Network {
    delays: Delays,
    nodes: usize,
    /// Row by row; `nodes` by `nodes`.
    between: Vec<Span>,
}

impl Network {
    /// The network of nodes in these zones.
    #[must_use]
    pub fn new(zones: &[&str], delays: Delays) -> Self {
        let mut graph: UnGraph<Vertex, u64> = UnGraph::default();
        let backbone = graph.add_node(Vertex::Backbone);
        let to_switch = delays.same_zone.as_nanos();
        let cross = delays.cross_zone.as_nanos().saturating_sub(to_switch);
        let mut switches: Vec<(&str, NodeIndex)> = Vec::new();
        let mut nodes = Vec::new();
        for &zone in zones {
            let known = switches.iter().find(|(name, _)| *name == zone).map(|(_, index)| *index);
            let switch = known.unwrap_or_else(|| {
                let switch = graph.add_node(Vertex::ZoneSwitch);
                graph.add_edge(switch, backbone, cross);
                switches.push((zone, switch));
                switch
            });
            let node = graph.add_node(Vertex::Node);
            graph.add_edge(node, switch, to_switch);
            nodes.push(node);
        }
        let mut between = Vec::with_capacity(nodes.len() * nodes.len());
        for &from in &nodes {
            let distances = dijkstra(&graph, from, None, |edge| *edge.weight());
            between.extend(nodes.iter().map(|to| {
                // Each way through a switch was counted on both of its edges.
                if *to == from { delays.same_node } else { Span::from_nanos(distances[to] / 2) }
            }));
        }
        Self { delays, nodes: nodes.len(), between }
    }

    /// How many nodes there are.
    #[must_use]
    pub fn nodes(&self) -> u32 {
        self.nodes as u32
    }

    /// One way from node to node.
    #[must_use]
    pub fn delay(&self, from: NodeId, to: NodeId) -> Span {
        self.between[from.0 as usize * self.nodes + to.0 as usize]
    }

    /// The lane of packets that are under way for such a [`delay`](Self::delay): those of one delay
    /// arrive in the order in which they were sent.
    #[must_use]
    #[inline]
    pub fn lane(&self, delay: Span) -> Lane {
        let Delays { same_node, same_zone, .. } = self.delays;
        Lane(if delay == same_node {
            1
        } else if delay == same_zone {
            2
        } else {
            3
        })
    }

    /// One way from outside to a node.
    #[must_use]
    pub fn outside(&self) -> Span {
        self.delays.outside
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_path_gives_the_delays() {
        let us = Span::from_micros;
        let delays = Delays {
            same_node: us(50),
            same_zone: us(250),
            cross_zone: us(500),
            outside: us(5000),
        };
        let network = Network::new(&["a", "b", "a"], delays);
        let between = |from, to| network.delay(NodeId(from), NodeId(to));
        assert_eq!(between(0, 0), us(50));
        assert_eq!(between(0, 2), us(250));
        assert_eq!(between(0, 1), us(500));
        assert_eq!(between(1, 2), us(500));
    }
}
