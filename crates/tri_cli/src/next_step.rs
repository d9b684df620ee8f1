//! What to do about an error on a file, an artifact or a call: one step for each code, in the words of the command line.
//!
//! Errors in programs carry their own help, which knows the program.

/// The next step, if the code has one that fits all its errors.
pub(crate) fn next_step(code: &str) -> Option<&'static str> {
    const AGAIN: &str = "copy the file again from where it came from, or compile the program again";
    const SIGNATURES: &str = "leave out `--key` to check everything but the signature";
    Some(match code {
        "E4002" => "see that the folder exists, and that it may be written to",
        "E4003" => "tensors are read from and written to .npy and .safetensors files",
        "E4004" => "write the file again with the program that made it",
        "E4005" => "convert the tensor before it is saved, as in `tensor.to(torch.float32)`",
        "E4007" => "`triton run --routing-stats=FILE` writes such a file",
        "E4010" => {
            "`triton compile F.tri` makes artifacts; `triton run` and `triton check` take programs too"
        }
        "E4011" => "use a later triton, or compile the program again with this one",
        "E4012" | "E4013" | "E4014" => AGAIN,
        "E4015" | "E4019" => "compile the program again, with this triton",
        "E4016" | "E4018" => SIGNATURES,
        "E4017" => "do not use the file: what was signed is not what it holds",
        "E4020" => "give the weights with `--weights FILE.safetensors`",
        "E4021" | "E4024" => {
            "rename the tensors, or give members the names of a foreign checkpoint with `@name(\"...\")`"
        }
        "E4022" => "save the tensor with the dtype of the model, or change the parameter's type",
        "E4023" => {
            "save the tensor with the shape of the model, or give a dim another size with `--dim NAME=SIZE`"
        }
        "E4025" => "a trit is -1, 0 or 1, and a bool 0 or 1",
        "E4030" => "choose an entry point with `--entry NAME`",
        "E4031" | "E4032" => "give each input once, as `--input NAME=FILE`",
        "E4033" | "E4034" | "E4035" => "`triton inspect F.tria` shows what every entry point takes",
        "E4036" | "E4041" => "the limit stands in the program, where the dim is bound",
        "E4038" => "call it with smaller sizes",
        "E4040" => "look for the input that holds indices",
        "E4050" => "report it, with the artifact and the machine: results are the same everywhere",
        "E5002" => "unset TRI_CPU_LEVEL to use what this machine has",
        "E5004" => {
            "`docs/caching.md` shows what triton.toml and the environment may say; TRI_REMOTE_CACHE=off turns it off"
        }
        _ => return None,
    })
}
