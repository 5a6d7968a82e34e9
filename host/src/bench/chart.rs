//! The growth of a [`Report`] as a picture: instructions by the length of the object, both logarithmic.
//!
//! It brings its own background, dark where the reader prefers that, so that it can be read on any page.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};

use super::report::{Cost, Measured, Report};

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 460.0;
const LEFT: f64 = 120.0;
const RIGHT: f64 = 630.0;
const TOP: f64 = 76.0;
const BOTTOM: f64 = 400.0;

/// What the axes show beyond the outermost points, in powers of ten.
const MARGIN: f64 = 0.15;

/// How far apart the labels at the lines' ends must be.
const LABEL: f64 = 38.0;

const STYLE: &str = "\
.paper { fill: #ffffff; stroke: #d0d7de }
.grid { stroke: #e6e9ed }
.axis { stroke: #8c959f }
text { fill: #1f2328; font: 13px system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif }
.title { font-size: 16px; font-weight: 600 }
.quiet { fill: #59636e }
.name { font-weight: 600 }
.line { fill: none; stroke-width: 2.5; stroke-linejoin: round; stroke-linecap: round }
.typed .line { stroke: #bc4c00 }
.typed circle, text.typed { fill: #bc4c00 }
.scan .line { stroke: #6e7781 }
.scan circle, text.scan { fill: #6e7781 }
.ours .line { stroke: #0969da }
.all .line { stroke-dasharray: 1 6 }
.ours circle, text.ours { fill: #0969da }
@media (prefers-color-scheme: dark) {
  .paper { fill: #0d1117; stroke: #30363d }
  .grid { stroke: #21262d }
  .axis { stroke: #6e7681 }
  text { fill: #e6edf3 }
  .quiet { fill: #9198a1 }
  .typed .line { stroke: #f0883e }
  .typed circle, text.typed { fill: #f0883e }
  .scan .line { stroke: #9198a1 }
  .scan circle, text.scan { fill: #9198a1 }
  .ours .line { stroke: #4493f8 }
  .ours circle, text.ours { fill: #4493f8 }
}
";

/// Draws the growth as SVG.
pub fn chart(report: &Report) -> Result<String> {
    let lines = [
        Line::new("typed", "typed", &report.growth, |row| row.cost.typed),
        Line::new("ours all", "with all four", &report.growth_with_all_four, |row| row.cost.mutatingflow),
        Line::new("scan", "scan", &report.growth, |row| row.cost.scan),
        Line::new("ours", "mutatingflow", &report.growth, |row| row.cost.mutatingflow),
    ];
    let points = || lines.iter().flat_map(|line| &line.points);
    let x = Scale::over(points().map(|point| point.0), LEFT, RIGHT).context("nothing to draw")?;
    let y = Scale::over(points().map(|point| point.1), BOTTOM, TOP).context("nothing to draw")?;

    let mut svg = String::new();
    writeln!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="Instructions by size of the object">"#
    )?;
    writeln!(svg, "<style>\n{STYLE}</style>")?;
    writeln!(svg, r#"<rect class="paper" x="0.5" y="0.5" width="{}" height="{}" rx="6"/>"#, WIDTH - 1.0, HEIGHT - 1.0)?;
    text(
        &mut svg,
        (20.0, 32.0),
        "title",
        "start",
        "What it costs to give a Notebook a pull secret, or all four dependencies",
    )?;
    text(&mut svg, (20.0, 56.0), "", "start", "WebAssembly instructions of one evaluation")?;
    axes(&mut svg, &x, &y)?;
    for line in &lines {
        line.draw(&mut svg, &x, &y)?;
    }
    labels(&mut svg, &lines, &y)?;
    svg.push_str("</svg>\n");
    Ok(svg)
}

fn axes(svg: &mut String, x: &Scale, y: &Scale) -> Result<()> {
    for power in x.powers() {
        let at = x.at(power);
        writeln!(svg, r#"<path class="grid" d="M{at:.1} {TOP}V{BOTTOM}"/>"#)?;
        text(svg, (at, BOTTOM + 20.0), "quiet", "middle", &bytes(power))?;
    }
    for power in y.powers() {
        let at = y.at(power);
        writeln!(svg, r#"<path class="grid" d="M{LEFT} {at:.1}H{RIGHT}"/>"#)?;
        text(svg, (LEFT - 10.0, at + 4.5), "quiet", "end", &count(power))?;
    }
    writeln!(svg, r#"<path class="axis" fill="none" d="M{LEFT} {TOP}V{BOTTOM}H{RIGHT}"/>"#)?;
    text(svg, (f64::midpoint(LEFT, RIGHT), BOTTOM + 44.0), "", "middle", "bytes of the object, as JSON")?;
    Ok(())
}

/// At each line's end its name, and what a byte costs there.
fn labels(svg: &mut String, lines: &[Line], y: &Scale) -> Result<()> {
    let mut ends = lines.iter().filter_map(|line| Some((line, line.points.last()?))).collect::<Vec<_>>();
    ends.sort_by(|(_, one), (_, other)| other.1.total_cmp(&one.1));
    let mut free = TOP;
    for (line, &(bytes, instructions)) in ends {
        let at = y.at(instructions).max(free);
        free = at + LABEL;
        text(svg, (RIGHT + 12.0, at + 2.0), &format!("name {}", line.class), "start", line.name)?;
        let share = format!("{:.0} per byte", instructions / bytes);
        text(svg, (RIGHT + 12.0, at + 18.0), "quiet", "start", &share)?;
    }
    Ok(())
}

fn text(svg: &mut String, (x, y): (f64, f64), class: &str, anchor: &str, text: &str) -> Result<()> {
    writeln!(svg, r#"<text class="{class}" x="{x:.1}" y="{y:.1}" text-anchor="{anchor}">{text}</text>"#)?;
    Ok(())
}

/// One guest: its points are the object's bytes and the instructions.
struct Line {
    class: &'static str,
    name: &'static str,
    points: Vec<(f64, f64)>,
}

impl Line {
    fn new(class: &'static str, name: &'static str, rows: &[Measured], cost: fn(&Measured) -> Option<Cost>) -> Self {
        let point = |row: &Measured| Some((row.object_bytes as f64, cost(row)?.instructions as f64));
        Self { class, name, points: rows.iter().filter_map(point).collect() }
    }

    fn draw(&self, svg: &mut String, x: &Scale, y: &Scale) -> Result<()> {
        let points = self.points.iter().map(|&(bytes, instructions)| (x.at(bytes), y.at(instructions)));
        let points = points.collect::<Vec<_>>();
        let path = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect::<Vec<_>>().join(" ");
        writeln!(svg, r#"<g class="{}"><polyline class="line" points="{path}"/>"#, self.class)?;
        for (x, y) in points {
            writeln!(svg, r#"<circle cx="{x:.1}" cy="{y:.1}" r="3.5"/>"#)?;
        }
        svg.push_str("</g>\n");
        Ok(())
    }
}

/// A logarithmic axis.
struct Scale {
    low: f64,
    high: f64,
    start: f64,
    end: f64,
}

impl Scale {
    /// Around `values`; `None` if there are none.
    fn over(values: impl Iterator<Item = f64>, start: f64, end: f64) -> Option<Self> {
        let exponents = values.filter(|value| *value > 0.0).map(f64::log10).collect::<Vec<_>>();
        let low = exponents.iter().copied().reduce(f64::min)?;
        let high = exponents.iter().copied().reduce(f64::max)?;
        Some(Self { low: low - MARGIN, high: high + MARGIN, start, end })
    }

    fn at(&self, value: f64) -> f64 {
        self.start + (value.log10() - self.low) / (self.high - self.low) * (self.end - self.start)
    }

    fn powers(&self) -> impl Iterator<Item = f64> + use<> {
        (self.low.ceil() as i32..=self.high.floor() as i32).map(|power| 10_f64.powi(power))
    }
}

fn bytes(power: f64) -> String {
    if power < 1e6 { format!("{} kB", power / 1e3) } else { format!("{} MB", power / 1e6) }
}

fn count(power: f64) -> String {
    match power {
        ..1e6 => format!("{} thousand", power / 1e3),
        1e6..1e9 => format!("{} million", power / 1e6),
        _ => format!("{} billion", power / 1e9),
    }
}
