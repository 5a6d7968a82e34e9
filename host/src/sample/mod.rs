//! A cluster that is made up: what `kubectl get notebooks,pods --all-namespaces --show-managed-fields --output yaml` prints
//! of one with 60 teams, to try things out on more than one object.
//!
//! It is the same from run to run. Each object is made when it is written, so that a large cluster needs hardly more
//! memory than a small one. What the policy has added to some of them, the real module adds here.

mod dice;
mod history;
mod managed;
mod notebooks;
mod pods;
mod time;

use std::{
    collections::BTreeSet,
    io::{self, Write},
};

use anyhow::Result;
use serde::Serialize as _;
use serde_json::{Serializer, Value, ser::PrettyFormatter};

use self::{
    dice::Dice,
    history::{Era, Eras},
    notebooks::Notebook,
    pods::Pod,
};
use crate::{policy::Policy, yaml};

/// How large the cluster is.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// How many notebooks it has.
    pub notebooks: u64,
    /// How many pods it has.
    pub pods: u64,
    /// Which one it is of all that are so large.
    pub seed: u64,
}

/// How the export is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// As by `kubectl get --output yaml`
    Yaml,
    /// As by `kubectl get --output json`
    Json,
}

/// Who shares a namespace.
struct Team {
    namespace: String,
    /// The last thing that was deployed there to add something.
    last: Era,
    notebooks: u64,
    pods: u64,
}

/// What the teams are called after.
const TEAMS: &str = "agreements analytics annuities appeals archive audit benefits billing call-centre cases chatbot \
    childcare claims climate compliance contracts credit customs data-platform demography disability documents economics \
    elections energy experiments families fisheries forecasting forestry fraud geodata grants health housing immigration \
    insights inspection insurance labour language logistics maps mortgages nutrition pensions permits pricing procurement \
    property rail recruitment research roads schools search sick-pay statistics tax weather";

/// What notebooks are called after.
const TOPICS: &str = "churn claims cohort demand events forecast fraud income master prices quality risk routes survey \
    text vision";
const PURPOSES: &str = "analysis demo eda eval features model notebook prototype report sandbox training v2";

/// Writes the cluster as one `List`, in the order of kubectl: notebooks before pods, by namespace and name.
///
/// # Errors
/// `out` cannot be written to, or `policy` does not accept the settings of `test_data/`.
pub fn write(policy: &Policy, size: Size, format: Format, out: &mut dyn Write) -> Result<()> {
    let mut list = List { out, format, is_empty: true };
    each(policy, size, &mut |object| Ok(list.item(&object)?))?;
    Ok(list.end()?)
}

fn each(policy: &Policy, size: Size, then: &mut dyn FnMut(Value) -> Result<()>) -> Result<()> {
    let eras = Eras::new(policy)?;
    let teams = teams(size);
    for team in &teams {
        for notebook in team.notebooks(size.seed) {
            then(notebook.stored(&eras)?)?;
        }
    }
    for team in &teams {
        for pod in team.pods(size.seed) {
            then(pod.stored(&eras)?)?;
        }
    }
    Ok(())
}

/// The teams by namespace; some have more notebooks than others.
fn teams(size: Size) -> Vec<Team> {
    let of = |name: &str| format!("team-{name}");
    let weights: Vec<_> = words(TEAMS).map(|name| 2 + Dice::of(size.seed, &of(name)).below(11)).collect();
    let all: u64 = weights.iter().sum();
    let mut before = 0;
    let mut teams = Vec::new();
    for (name, weight) in words(TEAMS).zip(weights) {
        let upto = before + weight;
        let share = |count: u64| count * upto / all - count * before / all;
        let namespace = of(name);
        let last = match Dice::of(size.seed, &format!("era of {namespace}")).below(4) {
            0 => Era::Webhook,
            1 => Era::Older,
            _ => Era::Present,
        };
        teams.push(Team { namespace, last, notebooks: share(size.notebooks), pods: share(size.pods) });
        before = upto;
    }
    teams
}

fn words(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.split(' ')
}

impl Team {
    /// The notebooks by name.
    fn notebooks(&self, seed: u64) -> impl Iterator<Item = Notebook<'_>> {
        let mut dice = Dice::of(seed, &format!("notebooks of {}", self.namespace));
        let [topics, purposes] = [TOPICS, PURPOSES].map(|list| words(list).collect::<Vec<_>>());
        let mut names = BTreeSet::new();
        while (names.len() as u64) < self.notebooks {
            let name = format!("{}-{}", dice.one_of(&topics), dice.one_of(&purposes));
            let numbered = (2..).map(|number| format!("{name}-{number}"));
            let free = std::iter::once(name.clone()).chain(numbered).find(|name| !names.contains(name));
            names.extend(free);
        }
        names.into_iter().map(move |name| Notebook::new(seed, self, name))
    }

    /// The pods by name.
    fn pods(&self, seed: u64) -> Vec<Pod<'_>> {
        let dice = &mut Dice::of(seed, &format!("pods of {}", self.namespace));
        let mut running = self.notebooks(seed).filter(|notebook| !notebook.is_stopped);
        let mut pods: Vec<_> = (0..self.pods)
            .map(|_| match dice.chance(45).then(|| running.next()).flatten() {
                Some(notebook) => Pod::of_notebook(seed, self, notebook),
                None => Pod::of_another(self, dice),
            })
            .collect();
        pods.sort_by(|one, other| one.name.cmp(&other.name));
        pods
    }
}

/// A `v1 List`, as kubectl prints it.
struct List<'w> {
    out: &'w mut dyn Write,
    format: Format,
    is_empty: bool,
}

impl List<'_> {
    fn item(&mut self, object: &Value) -> io::Result<()> {
        match self.format {
            Format::Yaml => {
                let start = if self.is_empty { "apiVersion: v1\nitems:\n" } else { "" };
                self.out.write_all(start.as_bytes())?;
                for (number, line) in yaml::written(object).lines().enumerate() {
                    let indent = match (number, line) {
                        (0, _) => "- ",
                        (_, "") => "",
                        _ => "  ",
                    };
                    writeln!(self.out, "{indent}{line}")?;
                }
            }
            Format::Json => {
                let start = if self.is_empty { "{\n    \"apiVersion\": \"v1\",\n    \"items\": [" } else { "," };
                self.out.write_all(start.as_bytes())?;
                for line in json(object)?.lines() {
                    write!(self.out, "\n        {line}")?;
                }
            }
        }
        self.is_empty = false;
        Ok(())
    }

    fn end(self) -> io::Result<()> {
        let text = match (self.format, self.is_empty) {
            (Format::Yaml, true) => "apiVersion: v1\nitems: []\nkind: List\nmetadata:\n  resourceVersion: \"\"\n",
            (Format::Yaml, false) => "kind: List\nmetadata:\n  resourceVersion: \"\"\n",
            (Format::Json, true) => concat!(
                "{\n    \"apiVersion\": \"v1\",\n    \"items\": [],\n    \"kind\": \"List\",\n",
                "    \"metadata\": {\n        \"resourceVersion\": \"\"\n    }\n}\n"
            ),
            (Format::Json, false) => concat!(
                "\n    ],\n    \"kind\": \"List\",\n",
                "    \"metadata\": {\n        \"resourceVersion\": \"\"\n    }\n}\n"
            ),
        };
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }
}

/// An object as kubectl writes JSON.
fn json(object: &Value) -> io::Result<String> {
    let mut bytes = Vec::new();
    object.serialize(&mut Serializer::with_formatter(&mut bytes, PrettyFormatter::with_indent(b"    ")))?;
    String::from_utf8(bytes).map_err(io::Error::other)
}
