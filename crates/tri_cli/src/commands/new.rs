//! `triton new NAME`: a small project, made from the files in `templates/new`.

use std::io;
use std::path::{Path, PathBuf};

use serde_json::json;
use tri_ir::TensorData;

use crate::args::{Format, NewArgs};
use crate::failure::Failure;
use crate::output;

/// Files of text. In the README, `{name}` stands for the project.
const TEXTS: [(&str, &str); 4] = [
    ("main.tri", include_str!("../../templates/new/main.tri")),
    ("blocks.tri", include_str!("../../templates/new/blocks.tri")),
    ("README.md", include_str!("../../templates/new/README.md")),
    (".gitignore", include_str!("../../templates/new/gitignore")),
];

/// Where the input lies that the README calls the model with.
const INPUT: &str = "flowers.npy";

/// One flower of each species from R. A. Fisher, "The use of multiple measurements in taxonomic problems", 1936.
const FLOWERS: [[f32; 4]; 3] = [[5.1, 3.5, 1.4, 0.2], [7.0, 3.2, 4.7, 1.4], [6.3, 3.3, 6.0, 2.5]];

/// Names of devices, which some systems cannot have as folders.
const RESERVED: [&str; 4] = ["con", "prn", "aux", "nul"];

/// The longest name, in bytes.
const LONGEST: usize = 64;

/// Makes it.
pub(crate) fn run(args: &NewArgs, format: Format) -> Result<(), Failure> {
    check_name(&args.name)?;
    let parent = args.path.clone().unwrap_or_default();
    let folder = parent.join(&args.name);
    make_folder(&parent, &folder)?;
    let files = match fill(&folder, &args.name) {
        Ok(files) => files,
        Err(failure) => {
            // Half a project is of no use. The folder was made here, so nothing else is in it; if it stays, the error says enough.
            let _ = std::fs::remove_dir_all(&folder);
            return Err(failure);
        }
    };
    if format == Format::Json {
        output::json(&json!({ "project": args.name, "folder": folder, "files": files }));
        return Ok(());
    }
    let shown = folder.display();
    output::result(format_args!("{shown} holds {}\n", files.join(", ")));
    if format == Format::Text {
        output::result(format_args!(
            "\nTry:\n    cd {shown}\n    triton test main.tri\n    triton run main.tri --initial --input flower={INPUT}\n"
        ));
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), Failure> {
    let wrong = match Path::new(name) {
        _ if name.is_empty() => "is empty",
        path if path.parent().is_some_and(|parent| parent != Path::new("")) => return Err(is_path(path)),
        _ if RESERVED.contains(&name.to_ascii_lowercase().as_str()) => {
            "is the name of a device on some systems"
        }
        _ if name.len() > LONGEST => "is longer than 64 letters",
        _ if !name.starts_with(|first: char| first.is_ascii_alphabetic()) => "does not begin with a letter",
        _ if !name.chars().all(is_allowed) => "has a character besides letters, digits, `_` and `-`",
        _ => return Ok(()),
    };
    let suggestion = suggestion(name);
    Err(Failure::Usage(format!(
        "`{name}` cannot be the name of a project: it {wrong}; try `triton new {suggestion}`"
    )))
}

fn is_path(path: &Path) -> Failure {
    let parent = path.parent().unwrap_or(Path::new("")).display();
    let name = path.file_name().map_or_else(|| "NAME".into(), |name| suggestion(&name.to_string_lossy()));
    Failure::Usage(format!(
        "`{}` is a path, not the name of a project; try `triton new {name} --path {parent}`",
        path.display()
    ))
}

fn is_allowed(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-')
}

/// A name that is allowed and looks like `name`.
fn suggestion(name: &str) -> String {
    let replaced: String = name.chars().map(|c| if is_allowed(c) { c } else { '_' }).collect();
    let words = replaced.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let words: String = words.chars().take(LONGEST - "model_".len()).collect();
    match words.chars().next() {
        None => "my_model".to_owned(),
        Some(first)
            if first.is_ascii_alphabetic() && !RESERVED.contains(&words.to_ascii_lowercase().as_str()) =>
        {
            words
        }
        Some(_) => format!("model_{words}"),
    }
}

fn make_folder(parent: &Path, folder: &Path) -> Result<(), Failure> {
    let made = if parent == Path::new("") { Ok(()) } else { std::fs::create_dir_all(parent) };
    made.map_err(|error| cannot("make", parent, &error))?;
    std::fs::create_dir(folder).map_err(|error| {
        if error.kind() == io::ErrorKind::AlreadyExists {
            return Failure::error(format!(
                "{} exists, and is left as it is; choose another name, or another place with `--path DIR`",
                folder.display()
            ));
        }
        cannot("make", folder, &error)
    })
}

fn cannot(action: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::error(format!("cannot {action} {}: {error}", path.display()))
}

/// Writes the files; their names.
fn fill(folder: &Path, name: &str) -> Result<Vec<&'static str>, Failure> {
    let place = |file: &str| -> PathBuf { folder.join(file) };
    for (file, text) in TEXTS {
        let text = if file == "README.md" { text.replace("{name}", name) } else { text.to_owned() };
        std::fs::write(place(file), text).map_err(|error| cannot("write", &place(file), &error))?;
    }
    let shape = vec![FLOWERS.len(), FLOWERS[0].len()];
    let flowers =
        TensorData::from_f32(shape, FLOWERS.as_flattened()).expect("the shape is that of the table");
    tri_import::write_npy(&place(INPUT), &flowers)?;
    Ok(TEXTS.iter().map(|(file, _)| *file).chain([INPUT]).collect())
}
