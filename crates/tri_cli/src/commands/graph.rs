//! `triton graph F.tri -o F.svg`: an entry point as a picture.

use serde_json::json;
use tri_driver::{GraphRequest, Output, Timing};

use crate::args::{Format, GraphArgs};
use crate::diagnostics;
use crate::failure::Failure;
use crate::output;
use crate::program;
use crate::progress::Progress;
use crate::table::bytes_text;

/// How to draw.
#[derive(Clone, Copy)]
enum Shape {
    Svg,
    Html,
}

/// Draws and writes it.
pub(crate) fn run(args: &GraphArgs, format: Format) -> Result<(), Failure> {
    let shape = shape(args)?;
    let (progress, mut timing) = Progress::start();
    let text = draw(args, shape, format, &mut timing);
    progress.finish();
    let text = text?;
    let bytes = text.len() as u64;
    Output::Bytes(text.into_bytes()).write(&args.output)?;
    match format {
        Format::Json => output::json(&json!({ "graph": args.output.display().to_string(), "bytes": bytes })),
        Format::Text | Format::Concise | Format::Sarif => {
            output::result(format_args!("{} ({})\n", args.output.display(), bytes_text(bytes)));
        }
    }
    Ok(())
}

fn shape(args: &GraphArgs) -> Result<Shape, Failure> {
    match args.output.extension().and_then(|extension| extension.to_str()) {
        Some("svg") => Ok(Shape::Svg),
        Some("html") => Ok(Shape::Html),
        _ => {
            let message = format!("`{}` is neither `.svg` nor `.html`", args.output.display());
            Err(Failure::Usage(message))
        }
    }
}

fn draw(args: &GraphArgs, shape: Shape, format: Format, timing: &mut Timing) -> Result<String, Failure> {
    let program = program::open(&args.source)?;
    let told = |error| program::told(&program, error, format);
    let (_, warnings) = program.elaborate(timing).map_err(told)?;
    diagnostics::print(&warnings, &program, format);
    let request = GraphRequest { entry: args.entry.as_deref(), weights: args.weights.as_deref() };
    let graph = program.graph(&request, timing).map_err(told)?;
    let draw = match shape {
        Shape::Svg => tri_graph::svg,
        Shape::Html => tri_graph::html,
    };
    Ok(draw(&graph, args.depth, &|place| program.place_text(place)))
}
