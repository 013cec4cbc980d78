//! The dense network behind the sum of a text's rows.

use std::{fs::File, io::BufReader};

use ndarray::{Array2, ArrayView1};

use super::{
    layers::{Dense, matrix, real, rectify, sum},
    network::{DIMENSIONS, ROW},
    npz::Archive,
};

/// The numbers of the inner layers.
const INNER: usize = 320;

/// A mean, and three dense layers of which each also sees what the one before saw.
pub(super) struct Head {
    mean: Dense,
    d0: Array2<f32>,
    d1: Array2<f32>,
    d2: Array2<f32>,
    d3: Array2<f32>,
    p1: Array2<f32>,
    p3: Array2<f32>,
    epsilon: f32,
}

impl Head {
    /// Reads the weights.
    pub(super) fn read(archive: &mut Archive<BufReader<File>>, epsilon: f32) -> Result<Self, String> {
        Ok(Self {
            mean: Dense {
                weights: matrix(archive, "cnn_W", (ROW, DIMENSIONS))?,
                bias: archive.floats("cnn_b", &[DIMENSIONS])?,
            },
            d0: matrix(archive, "d0", (DIMENSIONS, INNER))?,
            d1: matrix(archive, "d1", (INNER, INNER))?,
            d2: matrix(archive, "d2", (INNER, DIMENSIONS))?,
            d3: matrix(archive, "d3", (DIMENSIONS, DIMENSIONS))?,
            p1: matrix(archive, "p1", (DIMENSIONS, INNER))?,
            p3: matrix(archive, "p3", (INNER, DIMENSIONS))?,
            epsilon,
        })
    }

    /// The vectors of texts with these sums of rows and numbers of tokens.
    pub(super) fn apply(&self, sums: &Array2<f32>, lengths: &[usize]) -> Vec<Vec<f32>> {
        let mut mean = sums.dot(&self.mean.weights);
        for (mut row, length) in mean.rows_mut().into_iter().zip(lengths) {
            let count = real(*length);
            for (number, bias) in row.iter_mut().zip(&self.mean.bias) {
                *number = (*number + count * bias) / count.sqrt();
            }
        }
        let mut y0 = mean.dot(&self.d0);
        rectify(&mut y0);
        let mut y1 = mean.dot(&self.p1) + y0.dot(&self.d1);
        rectify(&mut y1);
        let mut y2 = y1.dot(&self.d2);
        rectify(&mut y2);
        let mut vectors = y1.dot(&self.p3) + y2.dot(&self.d3);
        vectors.mapv_inplace(f32::tanh);
        let unit = |row: ArrayView1<'_, f32>| {
            let row = row.to_vec();
            let length = sum(&row, |number| number * number).max(self.epsilon).sqrt();
            row.into_iter().map(|number| number / length).collect()
        };
        vectors.rows().into_iter().map(unit).collect()
    }
}
