//! QR codes as SVG, to be printed and put on a wall.

use qrcode::{Color, EcLevel, QrCode};
use std::fmt::Write;

/// White around it, in squares, as the standard wants it.
const QUIET: usize = 4;
/// What is written below takes so much, in squares.
const LABEL: usize = 8;
/// The largest letters, in squares.
const LETTER: f64 = 3.0;

/// The code of a text, a fourth of which may be scratched off before it cannot be read; with two lines below where they are
/// given. `None` when the text is longer than a code holds.
pub(crate) fn svg(text: &str, label: Option<[&str; 2]>) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::Q).ok()?;
    let side = code.width();
    let width = side + 2 * QUIET;
    let height = width + label.map_or(0, |_| LABEL);
    let mut path = String::new();
    for (y, row) in code.to_colors().chunks(side).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|one, other| one == other) {
            if run[0] == Color::Dark {
                let (left, top, long) = (x + QUIET, y + QUIET, run.len());
                write!(path, "M{left} {top}h{long}v1h-{long}z").ok()?;
            }
            x += run.len();
        }
    }
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{}\" height=\"{}\">\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/><path fill=\"#000\" shape-rendering=\"crispEdges\" d=\"{path}\"/>",
        width * 8,
        height * 8
    );
    for (line, text) in label.into_iter().flatten().enumerate() {
        // A Chinese character is as wide as it is high.
        let letters = u32::try_from(text.chars().count().max(1)).unwrap_or(u32::MAX);
        let room = u32::try_from(width - 2).unwrap_or_default();
        let size = LETTER.min(f64::from(room) / f64::from(letters));
        let (middle, below) = (width / 2, width + 4 * line);
        write!(
            svg,
            "<text x=\"{middle}\" y=\"{below}\" font-size=\"{size:.2}\" font-family=\"sans-serif\" text-anchor=\"middle\">{}</text>",
            escaped(text)
        )
        .ok()?;
    }
    svg.push_str("</svg>");
    Some(svg)
}

/// A text in markup.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_no_code() {
        assert!(svg(&"9".repeat(8_000), None).is_none());
        assert!(svg("https://example.cn/p/532504001007", None).is_some());
    }

    #[test]
    fn what_is_written_below_is_no_markup() {
        let drawn = svg("1", Some(["<b>&\"", "532504"])).unwrap();
        assert!(drawn.contains("&lt;b&gt;&amp;&quot;") && !drawn.contains("<b>"));
    }
}
