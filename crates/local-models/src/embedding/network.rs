//! The encoder: tokens to a vector.
//!
//! Each token has an embedding of 512 numbers, kept as bytes. Three branches look at it: each projects it to 256
//! numbers, and twice lets a window of 2, 3 or 5 tokens act on the token in its middle (with a residual). A
//! token's embedding and the three results make a row of 1,280 numbers, which is normalised. The sum of a text's
//! rows, divided by the root of their number, passes through a small dense network to the vector.

use std::{fs::File, io::BufReader, path::Path};

use ndarray::{Array2, Axis, Slice, concatenate, linalg::general_mat_mul};

use super::{
    head::Head,
    layers::{Dense, Moments, Norm, matrix, moments, real},
    npz::Archive,
    windows::{Layout, REACH, Window, batch_length, windows},
};
use crate::error::Error;

/// The numbers of a vector.
pub const DIMENSIONS: usize = 512;

/// The numbers of a token's embedding.
const EMBEDDING: usize = 512;
/// The numbers that a branch makes of a token.
const BRANCH: usize = 256;
/// A token's row: its embedding and the three branches.
pub(super) const ROW: usize = EMBEDDING + 3 * BRANCH;

/// The table of embeddings comes in parts; token `t` is row `t / PARTS` of part `t % PARTS`.
const PARTS: usize = 17;
const PART_ROWS: usize = 7530;
/// Tokens that have an embedding.
pub(super) const TOKENS: usize = PARTS * PART_ROWS;

/// The branches' windows: how many tokens, and how many of them lie before the middle.
const BRANCHES: [(usize, usize); 3] = [(2, 0), (3, 1), (5, 2)];
/// The encoder's weights: about 80 MB.
pub(super) struct Network {
    /// The embeddings as bytes, row by token.
    table: Vec<u8>,
    /// What a byte is worth and where it starts, by part of the table.
    scale: Vec<f32>,
    low: Vec<f32>,
    projection: Dense,
    projected: Norm,
    branches: Vec<Branch>,
    row: Norm,
    head: Head,
}

struct Branch {
    before: usize,
    layers: [Dense; 2],
}

impl Network {
    /// Reads the weights.
    pub(super) fn load(path: &Path) -> Result<Self, Error> {
        let mut archive = Archive::open(path)?;
        Self::read(&mut archive).map_err(|reason| Error::Damaged { path: path.to_owned(), reason })
    }

    fn read(archive: &mut Archive<BufReader<File>>) -> Result<Self, String> {
        let epsilon = archive.floats("eps", &[])?[0];
        let mut table = vec![0; TOKENS * EMBEDDING];
        for part in 0..PARTS {
            let rows = archive.bytes(&format!("q{}", part + 1), &[PART_ROWS, EMBEDDING])?;
            for (row, target) in
                rows.chunks_exact(EMBEDDING).zip(table.chunks_exact_mut(EMBEDDING).skip(part).step_by(PARTS))
            {
                target.copy_from_slice(row);
            }
        }
        let mut projections = Vec::new();
        let mut projection_bias = Vec::new();
        let mut projected = Norm { gain: Vec::new(), shift: Vec::new(), epsilon };
        let mut branches = Vec::new();
        for (width, before) in BRANCHES {
            projections.push(matrix(archive, &format!("proj{width}"), (EMBEDDING, BRANCH))?);
            projection_bias.extend(archive.floats(&format!("proj_b{width}"), &[BRANCH])?);
            projected.gain.extend(archive.floats(&format!("ln_g{width}"), &[BRANCH])?);
            projected.shift.extend(archive.floats(&format!("ln_b{width}"), &[BRANCH])?);
            let mut layer = |number| -> Result<Dense, String> {
                Ok(Dense {
                    weights: matrix(archive, &format!("w{number}_{width}"), (width * BRANCH, BRANCH))?,
                    bias: archive.floats(&format!("b{number}_{width}"), &[BRANCH])?,
                })
            };
            branches.push(Branch { before, layers: [layer(1)?, layer(2)?] });
        }
        let views: Vec<_> = projections.iter().map(|projection| projection.view()).collect();
        let weights = concatenate(Axis(1), &views).map_err(|error| error.to_string())?;
        Ok(Self {
            table,
            scale: archive.floats("scale", &[PARTS])?,
            low: archive.floats("lo", &[PARTS])?,
            projection: Dense { weights, bias: projection_bias },
            projected,
            branches,
            row: Norm {
                gain: archive.floats("ln_g", &[ROW])?,
                shift: archive.floats("ln_b", &[ROW])?,
                epsilon,
            },
            head: Head::read(archive, epsilon)?,
        })
    }

    /// The vectors of texts, each of which has at least one token; tokens beyond the table count as the first.
    /// `None` once `cancelled` says so, which is asked every few milliseconds.
    pub(super) fn embed(&self, texts: &[Vec<u32>], cancelled: &dyn Fn() -> bool) -> Option<Vec<Vec<f32>>> {
        let mut sums = Array2::zeros((texts.len(), ROW));
        let windows: Vec<Window<'_>> =
            texts.iter().enumerate().flat_map(|(text, tokens)| windows(text, tokens)).collect();
        let mut rest = &windows[..];
        while !rest.is_empty() {
            if cancelled() {
                return None;
            }
            let (batch, behind) = rest.split_at(batch_length(rest));
            self.add_rows(batch, &mut sums);
            rest = behind;
        }
        let lengths: Vec<usize> = texts.iter().map(Vec::len).collect();
        Some(self.head.apply(&self.means(sums, &lengths), &lengths))
    }

    /// Adds the normalised rows of a batch to the sums of their texts, before gain and shift.
    fn add_rows(&self, batch: &[Window<'_>], sums: &mut Array2<f32>) {
        let layout = Layout::new(batch);
        let embeddings = self.look_up(batch, &layout);
        let mut projected = embeddings.dot(&self.projection.weights);
        for place in layout.places() {
            let row = &mut row_mut(&mut projected, place);
            for (number, bias) in row.iter_mut().zip(&self.projection.bias) {
                *number += bias;
            }
            self.projected.apply(row);
        }
        let branches: Vec<Array2<f32>> = self
            .branches
            .iter()
            .enumerate()
            .map(|(number, branch)| branch.apply(&projected, number * BRANCH, &layout))
            .collect();
        for (window, start) in batch.iter().zip(&layout.starts) {
            let mut sum = sums.row_mut(window.text);
            let Some(sum) = sum.as_slice_mut() else { continue };
            for place in window.counted.clone().map(|token| start + token) {
                let parts = [
                    row(&embeddings, place),
                    row(&branches[0], place),
                    row(&branches[1], place),
                    row(&branches[2], place),
                ];
                let Moments { mean, scale } = moments(&parts, self.row.epsilon);
                for (total, number) in sum.iter_mut().zip(parts.iter().copied().flatten()) {
                    *total += (number - mean) * scale;
                }
            }
        }
    }

    /// The tokens' embeddings; the rows between windows are zero.
    fn look_up(&self, batch: &[Window<'_>], layout: &Layout) -> Array2<f32> {
        let mut embeddings = Array2::zeros((layout.rows, EMBEDDING));
        for (window, start) in batch.iter().zip(&layout.starts) {
            for (number, token) in window.tokens.iter().enumerate() {
                let token = usize::try_from(*token).ok().filter(|token| *token < TOKENS).unwrap_or_default();
                let (scale, low) = (self.scale[token % PARTS], self.low[token % PARTS]);
                let bytes = &self.table[token * EMBEDDING..][..EMBEDDING];
                for (number, byte) in row_mut(&mut embeddings, start + number).iter_mut().zip(bytes) {
                    *number = f32::from(*byte) * scale + low;
                }
            }
        }
        embeddings
    }

    /// The texts' rows with gain and shift, summed up.
    fn means(&self, mut sums: Array2<f32>, lengths: &[usize]) -> Array2<f32> {
        for (mut sum, length) in sums.rows_mut().into_iter().zip(lengths) {
            let count = real(*length);
            for ((number, gain), shift) in sum.iter_mut().zip(&self.row.gain).zip(&self.row.shift) {
                *number = *number * gain + count * shift;
            }
        }
        sums
    }
}

impl Branch {
    /// What this branch makes of the columns from `column` on of the projected rows.
    fn apply(&self, projected: &Array2<f32>, column: usize, layout: &Layout) -> Array2<f32> {
        // Zeros all around, so that a window reaching beyond its text finds nothing.
        let mut padded = Array2::<f32>::zeros((layout.rows + 2 * REACH, BRANCH));
        for place in layout.places() {
            row_mut(&mut padded, place + REACH)
                .copy_from_slice(&row(projected, place)[column..column + BRANCH]);
        }
        let mut made = Array2::zeros((layout.rows, BRANCH));
        for layer in &self.layers {
            // A window's product is the sum of its tokens' products with their parts of the weights, and the
            // tokens at one place of all windows are a run of rows: nothing is copied.
            for (step, weights) in layer.weights.axis_chunks_iter(Axis(0), BRANCH).enumerate() {
                let first = REACH - self.before + step;
                let tokens = padded.slice_axis(Axis(0), Slice::from(first..first + layout.rows));
                let kept = if step == 0 { 0.0 } else { 1.0 };
                general_mat_mul(1.0, &tokens, &weights, kept, &mut made);
            }
            for place in layout.places() {
                let residual = row_mut(&mut padded, place + REACH);
                for ((number, bias), residual) in
                    row_mut(&mut made, place).iter_mut().zip(&layer.bias).zip(residual)
                {
                    *number = (*number + bias).max(0.0) + *residual;
                    *residual = *number;
                }
            }
        }
        made
    }
}

fn row(matrix: &Array2<f32>, place: usize) -> &[f32] {
    matrix.row(place).to_slice().unwrap_or_default()
}

fn row_mut(matrix: &mut Array2<f32>, place: usize) -> &mut [f32] {
    matrix.row_mut(place).into_slice().unwrap_or_default()
}
