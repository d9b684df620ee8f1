//! `triton inspect F.tria`: what an artifact holds.

use std::fmt::Write as _;

use serde_json::{Value, json};
use tri_artifact::{Artifact, EntryInfo, Section, TensorInfo};

use crate::args::{Format, InspectArgs};
use crate::failure::Failure;
use crate::output;
use crate::table::{Table, bytes_text};

/// Prints it.
pub(crate) fn run(args: &InspectArgs, format: Format) -> Result<(), Failure> {
    let artifact = tri_driver::open_artifact(&args.file)?;
    let memory = tri_driver::activation_memory(&artifact)?;
    match format {
        Format::Json => output::json(&json(&artifact, &memory)),
        Format::Text | Format::Concise | Format::Sarif => output::result(text(&artifact, &memory)),
    }
    Ok(())
}

fn text(artifact: &Artifact, memory: &[String]) -> String {
    let (build, interface) = (&artifact.manifest().build, &artifact.manifest().interface);
    let mut text = format!("model {}\n", interface.name);
    let options: Vec<String> = build.options.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let _ =
        writeln!(text, "made by {} ({}), numerics {}", build.compiler, options.join(", "), build.numerics);
    let _ = writeln!(text, "source {}", hex(&build.source_hash));
    text.push_str("\nentry points\n");
    for (entry, memory) in interface.entries.iter().zip(memory) {
        let _ = writeln!(text, "  {}\n    peak memory of activations: {memory}", signature(entry));
    }
    let parameters: Vec<[String; 2]> =
        interface.parameters.iter().map(|tensor| [tensor.name.clone(), type_text(tensor)]).collect();
    section(&mut text, "parameters", &["name", "type"], parameters);
    let states: Vec<[String; 2]> =
        interface.states.iter().map(|tensor| [tensor.name.clone(), type_text(tensor)]).collect();
    section(&mut text, "states", &["name", "type"], states);
    if artifact.has_weights() {
        let weights = interface.weights.iter().map(|weight| {
            let tensor = &weight.tensor;
            [
                tensor.name.clone(),
                type_text(tensor),
                tensor.encoding.name().to_owned(),
                bytes_text(weight.length),
            ]
        });
        section(&mut text, "stored weights", &["name", "type", "encoding", " size"], weights.collect());
    } else {
        text.push_str("\nno weights: give them with --weights\n");
    }
    let sections = artifact.sections().iter().map(|section| {
        [section.name(), bytes_text(section.length), section.offset.to_string(), hex(&section.hash[..8])]
    });
    section(&mut text, "sections", &["name", " size", " offset", "hash"], sections.collect());
    let _ = writeln!(text, "\n{} in all", bytes_text(artifact.length()));
    text
}

/// A titled table, indented; nothing if it has no rows.
fn section<const N: usize>(text: &mut String, title: &str, headings: &[&str; N], rows: Vec<[String; N]>) {
    if rows.is_empty() {
        return;
    }
    let mut table = Table::new(headings);
    rows.into_iter().for_each(|row| table.row(row));
    let _ = writeln!(text, "\n{title}");
    for line in table.to_string().lines() {
        let _ = writeln!(text, "  {line}");
    }
}

/// `forward<B: 1..=64>(image: f32[B, 64]) -> f32[B, 10]`.
fn signature(entry: &EntryInfo) -> String {
    let dims: Vec<String> = entry
        .dims
        .iter()
        .map(|dim| match dim.max {
            Some(max) => format!("{}: {}..={max}", dim.name, dim.min),
            None => format!("{}: {}..", dim.name, dim.min),
        })
        .collect();
    let inputs: Vec<String> =
        entry.inputs.iter().map(|input| format!("{}: {}", input.name, type_text(input))).collect();
    let outputs: Vec<String> = entry.outputs.iter().map(type_text).collect();
    let dims = if dims.is_empty() { String::new() } else { format!("<{}>", dims.join(", ")) };
    let outputs = if outputs.len() == 1 { outputs.concat() } else { format!("({})", outputs.join(", ")) };
    format!("{}{dims}({}) -> {outputs}", entry.name, inputs.join(", "))
}

/// `f32[B, 64]`, with the names that the source gives to axes.
fn type_text(tensor: &TensorInfo) -> String {
    let axes: Vec<&str> = tensor.shape.iter().map(|axis| axis.name.as_str()).collect();
    let dtype = tensor.dtype.name();
    if axes.is_empty() { dtype.to_owned() } else { format!("{dtype}[{}]", axes.join(", ")) }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn json(artifact: &Artifact, memory: &[String]) -> Value {
    let (build, interface) = (&artifact.manifest().build, &artifact.manifest().interface);
    let options: serde_json::Map<String, Value> =
        build.options.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    let entries = interface.entries.iter().zip(memory).map(|(entry, memory)| entry_json(entry, memory));
    let stored = artifact.has_weights().then_some(&interface.weights);
    json!({
        "model": interface.name,
        "build": {
            "compiler": build.compiler,
            "numerics": build.numerics,
            "source_hash": hex(&build.source_hash),
            "options": options,
        },
        "entries": entries.collect::<Vec<_>>(),
        "parameters": interface.parameters.iter().map(tensor_json).collect::<Vec<_>>(),
        "states": interface.states.iter().map(tensor_json).collect::<Vec<_>>(),
        "weights": stored.map(|weights| weights.iter().map(|weight| {
            let mut value = tensor_json(&weight.tensor);
            value["bytes"] = json!(weight.length);
            value
        }).collect::<Vec<_>>()),
        "sections": artifact.sections().iter().map(section_json).collect::<Vec<_>>(),
        "bytes": artifact.length(),
    })
}

fn entry_json(entry: &EntryInfo, memory: &str) -> Value {
    let dims: Vec<Value> =
        entry.dims.iter().map(|dim| json!({ "name": dim.name, "min": dim.min, "max": dim.max })).collect();
    json!({
        "name": entry.name,
        "dims": dims,
        "activation_memory": memory,
        "inputs": entry.inputs.iter().map(tensor_json).collect::<Vec<_>>(),
        "outputs": entry.outputs.iter().map(tensor_json).collect::<Vec<_>>(),
    })
}

fn tensor_json(tensor: &TensorInfo) -> Value {
    let axes: Vec<Value> =
        tensor.shape.iter().map(|axis| json!({ "name": axis.name, "size": axis.size })).collect();
    json!({
        "name": tensor.name,
        "dtype": tensor.dtype.name(),
        "encoding": tensor.encoding.name(),
        "shape": axes,
    })
}

fn section_json(section: &Section) -> Value {
    json!({
        "name": section.name(),
        "offset": section.offset,
        "bytes": section.length,
        "hash": hex(&section.hash),
    })
}
