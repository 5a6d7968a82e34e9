//! What a command prints in colours, as a picture of a terminal.
//!
//! The picture says which command it is of, so that a test can run it again and see whether the picture still is what the
//! command prints.

use std::fmt::Write as _;

use crate::show::xml_escaped;

/// How many lines a picture has at most. What is beyond is cut, and said to be.
const MOST_LINES: usize = 52;

/// How long lines are where nobody says otherwise.
pub const COLUMNS: usize = 100;

/// What a picture measures, in pixels. Every mark has its cell, whatever the reader's font is.
const CELL: f64 = 8.4;
const TITLE_CELL: f64 = 7.2;
const LINE: f64 = 18.0;
const BAR: f64 = 38.0;
const MARGIN: f64 = 18.0;
/// Where the command stands, beside the three dots of a window.
const TITLE: f64 = 84.0;

const FONT: &str = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace";

/// The sixteen colours of a terminal, on a dark ground.
const COLORS: [&str; 16] = [
    "#6e7681", "#ff7b72", "#3fb950", "#d29922", "#58a6ff", "#bc8cff", "#39c5cf", "#b1bac4", "#8b949e", "#ffa198",
    "#56d364", "#e3b341", "#79c0ff", "#d2a8ff", "#56d4dd", "#ffffff",
];

/// How text looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Style {
    /// One of [`COLORS`].
    color: Option<usize>,
    is_bold: bool,
    is_dim: bool,
}

/// Text of one style that has no more than one space between two words.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Run {
    column: usize,
    text: String,
    style: Style,
}

/// The picture of a command and what it printed, as SVG. What is longer than so many columns is cut.
#[must_use]
pub fn picture(command: &str, output: &str, columns: usize) -> String {
    let mut lines = lines(output);
    if lines.len() > MOST_LINES {
        let more = lines.len() - (MOST_LINES - 1);
        lines.truncate(MOST_LINES - 1);
        lines.push(styled(&format!("... {more} more lines"), Style { is_dim: true, ..Style::default() }));
    }
    let lines: Vec<_> = lines.into_iter().map(|line| cut(line, columns)).collect();
    let longest = lines.iter().map(Vec::len).max().unwrap_or_default();
    let width = (cells(longest, CELL) + 2.0 * MARGIN).max(TITLE + cells(command.chars().count(), TITLE_CELL) + MARGIN);
    let height = BAR + 2.0 * MARGIN + LINE * lines.len() as f64;

    let mut svg = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" class="terminal" data-columns="{columns}" viewBox="0 0 {width:.0} {height:.0}" width="{width:.0}" height="{height:.0}" role="img" aria-label="{label}">
<rect x="0.5" y="0.5" width="{inner_width:.0}" height="{inner_height:.0}" rx="8" fill="#0d1117" stroke="#484f58"/>
<path d="M1 {BAR}V8.5a7.5 7.5 0 0 1 7.5-7.5H{right:.1}a7.5 7.5 0 0 1 7.5 7.5V{BAR}z" fill="#21262d"/>
<circle cx="22" cy="19.5" r="6" fill="#ff5f57"/><circle cx="42" cy="19.5" r="6" fill="#febc2e"/><circle cx="62" cy="19.5" r="6" fill="#28c840"/>
"##,
        label = xml_escaped(command),
        inner_width = width.round() - 1.0,
        inner_height = height.round() - 1.0,
        right = width.round() - 8.5,
    );
    let title = styled(command, Style::default());
    svg.push_str(&format!("<g font-family=\"{FONT}\" font-size=\"12\" fill=\"#b1bac4\">\n"));
    draw(&mut svg, &title, (TITLE, 24.0), TITLE_CELL);
    svg.push_str("</g>\n");
    svg.push_str(&format!("<g font-family=\"{FONT}\" font-size=\"14\" fill=\"#e6edf3\">\n"));
    for (number, line) in lines.iter().enumerate() {
        draw(&mut svg, line, (MARGIN, BAR + MARGIN + LINE * number as f64 + 14.0), CELL);
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}

/// The command that a picture is of, and how many columns it has at most; `None` where it is another picture.
#[must_use]
pub fn command_of(svg: &str) -> Option<(String, usize)> {
    let tag = svg.strip_prefix("<svg ")?.split_once('>')?.0;
    let attribute = |name: &str| Some(tag.split_once(&format!("{name}=\""))?.1.split_once('"')?.0);
    let command = attribute("aria-label").filter(|_| attribute("class") == Some("terminal"))?;
    let command = command.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
    Some((command, attribute("data-columns")?.parse().ok()?))
}

/// A mark and how it looks.
type Cell = (char, Style);

/// The lines of what a command prints. Of what controls a terminal, only what chooses colours, bold and dim is understood.
fn lines(output: &str) -> Vec<Vec<Cell>> {
    let mut style = Style::default();
    let mut lines = Vec::new();
    for line in output.lines() {
        let mut cells = Vec::new();
        let mut rest = line;
        while let Some(mark) = rest.chars().next() {
            if let Some(sequence) = rest.strip_prefix("\x1b[") {
                let end = sequence.find(|it| ('@'..='~').contains(&it)).unwrap_or(sequence.len());
                let (parameters, behind) = sequence.split_at(end);
                if behind.starts_with('m') {
                    style.select(parameters);
                }
                rest = behind.get(1..).unwrap_or_default();
                continue;
            }
            match mark {
                '\t' => cells.extend(std::iter::repeat_n((' ', style), 8 - cells.len() % 8)),
                _ if mark.is_control() => {}
                _ => cells.push((mark, style)),
            }
            rest = &rest[mark.len_utf8()..];
        }
        lines.push(cells);
    }
    lines
}

impl Style {
    /// Goes by the parameters of one `ESC [ ... m`.
    fn select(&mut self, parameters: &str) {
        for parameter in parameters.split(';') {
            match parameter.parse() {
                _ if parameter.is_empty() => *self = Self::default(),
                Ok(0) => *self = Self::default(),
                Ok(1) => self.is_bold = true,
                Ok(2) => self.is_dim = true,
                Ok(22) => (self.is_bold, self.is_dim) = (false, false),
                Ok(color @ 30..=37) => self.color = Some(color - 30),
                Ok(39) => self.color = None,
                Ok(color @ 90..=97) => self.color = Some(color - 90 + 8),
                _ => {}
            }
        }
    }
}

fn styled(text: &str, style: Style) -> Vec<Cell> {
    text.chars().map(|mark| (mark, style)).collect()
}

/// A line without what is beyond so many columns.
fn cut(mut line: Vec<Cell>, columns: usize) -> Vec<Cell> {
    if line.len() > columns {
        line.truncate(columns - 1);
        line.push(('…', Style { is_dim: true, ..Style::default() }));
    }
    line
}

/// The runs of a line: a new one begins where the style changes, and behind more than one space, so that columns stay
/// below one another.
fn runs(line: &[Cell]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut end = 0;
    for (column, (mark, style)) in line.iter().enumerate().filter(|(_, (mark, _))| *mark != ' ') {
        match runs.last_mut() {
            Some(run) if run.style == *style && column <= end + 1 => {
                run.text.extend(std::iter::repeat_n(' ', column - end));
                run.text.push(*mark);
            }
            _ => runs.push(Run { column, text: mark.to_string(), style: *style }),
        }
        end = column + 1;
    }
    runs
}

fn draw(svg: &mut String, line: &[Cell], (x, y): (f64, f64), cell: f64) {
    for Run { column, text, style } in runs(line) {
        let (at, length) = (x + cells(column, cell), cells(text.chars().count(), cell));
        let color = style.color.map(|color| format!(" fill=\"{}\"", COLORS[color])).unwrap_or_default();
        let bold = if style.is_bold { " font-weight=\"bold\"" } else { "" };
        let dim = if style.is_dim { " opacity=\"0.6\"" } else { "" };
        let text = xml_escaped(&text);
        // Writing to a string does not fail.
        let _ = writeln!(
            svg,
            "<text x=\"{at:.1}\" y=\"{y:.1}\" textLength=\"{length:.1}\"{color}{bold}{dim}>{text}</text>"
        );
    }
}

fn cells(count: usize, cell: f64) -> f64 {
    count as f64 * cell
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Style = Style { color: None, is_bold: false, is_dim: false };
    const RED: Style = Style { color: Some(1), is_bold: false, is_dim: false };

    fn runs_of(output: &str) -> Vec<Vec<Run>> {
        lines(output).iter().map(|line| runs(line)).collect()
    }

    fn run(column: usize, text: &str, style: Style) -> Run {
        Run { column, text: text.to_owned(), style }
    }

    #[test]
    fn colours_are_read() {
        let bold = |color| Style { color, is_bold: true, is_dim: false };
        for (output, expected) in [
            ("", vec![]),
            ("a b", vec![run(0, "a b", PLAIN)]),
            ("\x1b[31ma\x1b[0m", vec![run(0, "a", RED)]),
            ("\x1b[31ma\x1b[mb", vec![run(0, "a", RED), run(1, "b", PLAIN)]),
            ("\x1b[31ma\x1b[39mb", vec![run(0, "a", RED), run(1, "b", PLAIN)]),
            ("\x1b[1;31ma\x1b[22mb", vec![run(0, "a", bold(Some(1))), run(1, "b", RED)]),
            ("\x1b[1m\x1b[97ma", vec![run(0, "a", bold(Some(15)))]),
            ("\x1b[2;90ma", vec![run(0, "a", Style { color: Some(8), is_bold: false, is_dim: true })]),
            ("\x1b[31m\x1b[37ma", vec![run(0, "a", Style { color: Some(7), ..PLAIN })]),
            // What is not understood is not printed, and changes nothing.
            ("\x1b[31m\x1b[4;7ma\x1b[2Kb\x1b[1;1Hc\r", vec![run(0, "abc", RED)]),
            ("a\x1b[31", vec![run(0, "a", PLAIN)]),
            ("a\x1b", vec![run(0, "a", PLAIN)]),
        ] {
            let expected = if output.is_empty() { vec![] } else { vec![expected] };
            assert_eq!(runs_of(output), expected, "{output:?}");
        }
    }

    #[test]
    fn a_colour_goes_on_in_the_next_line() {
        assert_eq!(runs_of("\x1b[31ma\n\nb\x1b[0m\n"), [vec![run(0, "a", RED)], vec![], vec![run(0, "b", RED)]]);
    }

    #[test]
    fn columns_stay_where_they_are() {
        assert_eq!(
            runs_of("  a b   c\td\x1b[31m e \x1b[0m"),
            [[run(2, "a b", PLAIN), run(8, "c", PLAIN), run(16, "d", PLAIN), run(18, "e", RED)]]
        );
    }

    #[test]
    fn what_is_too_long_is_cut() {
        let dim = Style { is_dim: true, ..PLAIN };
        let exact = "x".repeat(COLUMNS);
        assert_eq!(runs(&cut(styled(&exact, PLAIN), COLUMNS)), [run(0, &exact, PLAIN)]);
        let long = runs(&cut(styled(&format!("{exact}y"), PLAIN), COLUMNS));
        assert_eq!(long, [run(0, &exact[1..], PLAIN), run(COLUMNS - 1, "…", dim)]);

        let numbers = |count: usize| (1..=count).map(|number| format!("<{number}>\n")).collect::<String>();
        let whole = picture("c", &numbers(MOST_LINES), COLUMNS);
        assert!(whole.contains("&lt;52&gt;") && !whole.contains("more lines"), "{whole}");
        let part = picture("c", &numbers(MOST_LINES + 1), COLUMNS);
        assert!(part.contains("&lt;51&gt;") && !part.contains("&lt;52&gt;"), "{part}");
        assert!(part.contains(" opacity=\"0.6\">... 2 more lines</text>"), "{part}");
    }

    #[test]
    fn a_picture_knows_its_command() {
        let command = r#"policy-host run --x "a&b" <c> 'd'"#;
        assert_eq!(command_of(&picture(command, "out\n", COLUMNS)), Some((command.to_owned(), COLUMNS)));
        assert_eq!(command_of(r#"<svg role="img" aria-label="cost"></svg>"#), None);
    }

    #[test]
    fn every_mark_has_its_cell() {
        let svg = picture("c", "\x1b[1;32m+ a & b\x1b[0m\n", COLUMNS);
        let text =
            r##"<text x="18.0" y="70.0" textLength="58.8" fill="#3fb950" font-weight="bold">+ a &amp; b</text>"##;
        assert!(svg.contains(text), "{svg}");
        assert!(svg.contains(r#"viewBox="0 0 109 92" width="109" height="92""#), "{svg}");
    }
}
