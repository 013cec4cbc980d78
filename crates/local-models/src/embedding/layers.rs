//! The network's building blocks.

use ndarray::Array2;

use super::npz::Archive;

/// Sums are taken in this many strands, which the compiler turns into vector instructions.
const STRANDS: usize = 16;

/// A matrix and what is added to each row that it makes; every row of the input has a row of the result.
pub(super) struct Dense {
    pub(super) weights: Array2<f32>,
    pub(super) bias: Vec<f32>,
}

/// Brings a row to mean 0 and deviation 1, then scales and shifts each number by its own factors.
pub(super) struct Norm {
    pub(super) gain: Vec<f32>,
    pub(super) shift: Vec<f32>,
    pub(super) epsilon: f32,
}

/// A row's mean, and the factor that brings its deviation to 1.
#[derive(Clone, Copy)]
pub(super) struct Moments {
    pub(super) mean: f32,
    pub(super) scale: f32,
}

/// Reads a matrix of `shape` (rows, columns).
pub(super) fn matrix<R: std::io::Read + std::io::Seek>(
    archive: &mut Archive<R>,
    name: &str,
    (rows, columns): (usize, usize),
) -> Result<Array2<f32>, String> {
    let numbers = archive.floats(name, &[rows, columns])?;
    Array2::from_shape_vec((rows, columns), numbers).map_err(|error| error.to_string())
}

impl Norm {
    /// Normalises a row in place.
    pub(super) fn apply(&self, row: &mut [f32]) {
        let Moments { mean, scale } = moments(&[row], self.epsilon);
        for ((number, gain), shift) in row.iter_mut().zip(&self.gain).zip(&self.shift) {
            *number = (*number - mean) * scale * gain + shift;
        }
    }
}

/// The moments of a row that lies in several parts.
pub(super) fn moments(parts: &[&[f32]], epsilon: f32) -> Moments {
    let count = real(parts.iter().map(|part| part.len()).sum());
    let mean = parts.iter().map(|part| sum(part, |number| number)).sum::<f32>() / count;
    let variance =
        parts.iter().map(|part| sum(part, |number| (number - mean) * (number - mean))).sum::<f32>() / count;
    Moments { mean, scale: 1.0 / (variance + epsilon).sqrt() }
}

/// The sum of what `map` makes of each number.
pub(super) fn sum(numbers: &[f32], map: impl Fn(f32) -> f32) -> f32 {
    let mut strands = [0.0; STRANDS];
    let (blocks, rest) = numbers.as_chunks::<STRANDS>();
    for block in blocks {
        for (strand, number) in strands.iter_mut().zip(block) {
            *strand += map(*number);
        }
    }
    strands.iter().sum::<f32>() + rest.iter().map(|number| map(*number)).sum::<f32>()
}

/// A count as a number to reckon with.
#[expect(clippy::cast_precision_loss, reason = "what is counted here stays far below 2^24")]
pub(super) fn real(count: usize) -> f32 {
    count as f32
}

/// Replaces negative numbers by 0.
pub(super) fn rectify(numbers: &mut Array2<f32>) {
    numbers.mapv_inplace(|number| number.max(0.0));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_normalised_row_has_mean_0_and_deviation_1() {
        let norm = Norm { gain: vec![2.0; 40], shift: vec![1.0; 40], epsilon: 0.0 };
        let mut row: Vec<f32> = (0u8..40).map(|number| f32::from(number) * 3.0 + 5.0).collect();
        norm.apply(&mut row);
        let mean = row.iter().sum::<f32>() / 40.0;
        let variance = row.iter().map(|number| (number - mean).powi(2)).sum::<f32>() / 40.0;
        assert!((mean - 1.0).abs() < 1e-5 && (variance - 4.0).abs() < 1e-4, "{mean} {variance}");
    }

    #[test]
    fn a_row_in_parts_has_the_moments_of_the_whole() {
        let row: Vec<f32> = (0u8..50).map(f32::from).collect();
        let whole = moments(&[&row], 0.1);
        let parts = moments(&[&row[..13], &row[13..]], 0.1);
        assert!((whole.mean - parts.mean).abs() < 1e-5 && (whole.scale - parts.scale).abs() < 1e-6);
    }
}
