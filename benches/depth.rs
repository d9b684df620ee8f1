//! What depth costs: a stack of equal transformer-like blocks, compiled by the `triton` command, measured from outside.
//!
//!     cargo bench --package benches --bench depth
//!
//! Prints a table and draws it into `docs/depth.svg`. Without `--bench` (as `cargo test` calls it) each depth up to 10 runs once.

#![expect(clippy::print_stdout, reason = "the results")]

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;

mod command;

/// Numbers of blocks.
const DEPTHS: [u32; 5] = [1, 10, 100, 1_000, 10_000];

/// Runs of each.
const RUNS: usize = 5;

fn main() -> Result<()> {
    let measure = std::env::args().any(|arg| arg == "--bench");
    let triton = command::build(measure)?;
    let folder = tempfile::tempdir()?;
    let mut points = Vec::new();
    println!("{:>8} {:>10} {:>16}", "blocks", "median ms", "us each further");
    for depth in DEPTHS.into_iter().filter(|depth| measure || *depth <= 10) {
        std::fs::write(folder.path().join("deep.tri"), program(depth))?;
        let args = ["compile", "--no-cache", "FOLDER/deep.tri", "-o", "OUT"];
        let runs = if measure { RUNS } else { 1 };
        let mut times: Vec<Duration> =
            (0..runs).map(|_| command::run(&triton, &args, folder.path())).collect::<Result<_>>()?;
        times.sort_unstable();
        let median = command::median(&times);
        let further = points.first().map(|(one, first)| 1e3 * (median - first) / f64::from(depth - one));
        println!("{depth:>8} {median:>10.1} {:>16}", further.map_or(String::new(), |us| format!("{us:.0}")));
        points.push((depth, median));
    }
    if measure {
        std::fs::write(Path::new(command::root()).join("docs/depth.svg"), plot(&points)?)?;
    }
    Ok(())
}

/// A model of `depth` blocks.
fn program(depth: u32) -> String {
    format!(
        "use std.nn.{{RmsNorm, TernaryLinear}}

layer Block[D]() {{
    norm = RmsNorm[D]()
    up = TernaryLinear[D, 4 * D]()
    down = TernaryLinear[4 * D, D]()

    fn forward[..B](x: f32[..B, D]) -> f32[..B, D] {{
        x + down(relu(up(norm(x))))
    }}
}}

model Deep() {{
    blocks = [Block[64](); {depth}]

    fn forward[B](x: f32[B, 64]) -> f32[B, 64] {{
        var y = x
        for block in blocks {{
            y = block(y)
        }}
        y
    }}
}}
"
    )
}

/// Time over depth, both by powers of ten: a straight line that climbs one decade a decade is linear growth.
fn plot(points: &[(u32, f64)]) -> Result<String> {
    let x = |depth: u32| 70.0 + 110.0 * f64::from(depth).log10();
    let y = |ms: f64| 330.0 - 75.0 * ms.max(1.0).log10();
    let mut svg = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 560 380\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"560\" height=\"380\" fill=\"white\"/>\n",
    );
    for power in 0..5 {
        let (depth, ms) = (10u32.pow(power), f64::from(10u32.pow(power)));
        writeln!(svg, "<path d=\"M{0:.1} 330V30M70 {1:.1}H510\" stroke=\"#ddd\"/>", x(depth), y(ms))?;
        writeln!(svg, "<text x=\"{:.1}\" y=\"348\" text-anchor=\"middle\">{depth}</text>", x(depth))?;
        writeln!(svg, "<text x=\"62\" y=\"{:.1}\" text-anchor=\"end\">{ms}</text>", y(ms) + 4.0)?;
    }
    let line: Vec<String> =
        points.iter().map(|(depth, ms)| format!("{:.1},{:.1}", x(*depth), y(*ms))).collect();
    writeln!(
        svg,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"#1f6feb\" stroke-width=\"2\"/>",
        line.join(" ")
    )?;
    for (depth, ms) in points {
        writeln!(svg, "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"4\" fill=\"#1f6feb\"/>", x(*depth), y(*ms))?;
        writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{ms:.0} ms</text>",
            x(*depth) - 6.0,
            y(*ms) - 8.0
        )?;
    }
    svg.push_str(
        "<text x=\"290\" y=\"370\" text-anchor=\"middle\">equal blocks</text>\n\
         <text x=\"18\" y=\"180\" text-anchor=\"middle\" transform=\"rotate(-90 18 180)\">compile, ms</text>\n</svg>\n",
    );
    Ok(svg)
}
