//! What is let go is made again: after any edits, with next to nothing remembered, the answers are those of a fresh start.

use std::path::Path;
use std::sync::Arc;

use tri_db::{EditorSystem, MemorySystem};
use tri_ide::{AnalysisHost, Diagnostic, FilePosition};

/// A generator of numbers (xorshift), the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end.max(1) as u64) as usize
    }
}

/// Three files that import each other, with items that use each other, in circles too after some edits.
const FILES: [(&str, &str); 3] = [
    (
        "main.tri",
        "use blocks.{Block, double}\nuse sizes.Wide\ndim D = 4\nmodel M() {\n    first = Block[D](wide = true)\n    \
         fn run(x: f32[D]) -> f32[D] { double(first(x)) + first.weight }\n}\n",
    ),
    (
        "blocks.tri",
        "use std.nn.Linear\nuse sizes.{Wide, HALF}\nlayer Block[N](wide: bool = false) {\n    up = Linear[N, N]()\n    \
         param weight: f32[N] = init.zeros\n    fn forward(x: f32[N]) -> f32[N] {\n        let y = up(x) * HALF\n        \
         relu(y) + weight\n    }\n}\nfn double[N](x: f32[N]) -> f32[N] { x + x }\n",
    ),
    (
        "sizes.tri",
        "dim Narrow = 4\ndim Wide = Narrow * 2\nconst HALF: float = 0.5\nconst EIGHTH = HALF * HALF * HALF\n",
    ),
];

/// What is typed.
const PIECES: [&str; 18] = [
    "x",
    " ",
    "\n",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ".",
    "let y = relu(x)\n",
    "fn f(",
    "dim D = Wide\n",
    "HALF",
    "const HALF = EIGHTH\n",
    "inner = Block[4]()\n",
    "use main.D\n",
    "Narrow",
];

/// Everything that is said of every file.
fn said(host: &AnalysisHost) -> Vec<Vec<Diagnostic>> {
    let analysis = host.analysis();
    let files = FILES.iter().map(|(name, _)| analysis.file_at(Path::new(name)).unwrap());
    files
        .map(|file| {
            let mut all = analysis.diagnostics(file).unwrap();
            all.extend(analysis.elaboration_errors(file).unwrap().iter().cloned());
            all
        })
        .collect()
}

fn start() -> (EditorSystem, AnalysisHost) {
    let system = EditorSystem::new(Arc::new(MemorySystem::new(FILES)));
    let mut host = AnalysisHost::new(Arc::new(system.clone()), Path::new(""));
    FILES.iter().for_each(|(name, _)| host.add(Path::new(name)));
    (system, host)
}

#[test]
fn answers_do_not_depend_on_what_is_remembered() {
    let count: usize = std::env::var("TRITON_SOAK").ok().and_then(|count| count.parse().ok()).unwrap_or(600);
    let mut random = Random(0x5DEE_CE66_D123);
    let (system, mut host) = start();
    host.set_capacity(2);
    let mut texts = FILES.map(|(_, text)| text.to_owned());
    for edit in 0..count {
        let which = random.below(3);
        let text = &mut texts[which];
        if random.below(8) == 0 {
            FILES[which].1.clone_into(text);
        } else {
            let boundaries: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let start = random.below(boundaries.len());
            let end = (start + random.below(9) * random.below(2)).min(boundaries.len() - 1);
            text.replace_range(boundaries[start]..boundaries[end], PIECES[random.below(PIECES.len())]);
        }
        let path = Path::new(FILES[which].0);
        system.open(path, text);
        host.file_changed(path);
        // Several threads, as in the server: what one needs may be what another is making.
        std::thread::scope(|scope| {
            for _ in 0..3 {
                let analysis = host.analysis();
                let offset = random.below(texts[which].len()) as u32;
                scope.spawn(move || {
                    let file = analysis.file_at(path).unwrap();
                    let _ = analysis.hover(FilePosition { file, offset }).unwrap();
                    let _ = analysis.completions(FilePosition { file, offset }).unwrap();
                    for file in analysis.files().unwrap() {
                        analysis.diagnostics(file).unwrap();
                    }
                });
            }
        });
        if edit % 3 == 0 {
            host.forget_unused();
        }
        if edit % 5 == 0 || edit + 1 == count {
            let (system, mut fresh) = start();
            for ((name, _), text) in FILES.iter().zip(&texts) {
                system.open(Path::new(name), text);
                fresh.file_changed(Path::new(name));
            }
            assert_eq!(said(&host), said(&fresh), "after {} edits: {texts:#?}", edit + 1);
        }
    }
}
