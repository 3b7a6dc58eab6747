//! What is left of a photo.

use super::*;
use proptest::prelude::*;
use rstest::rstest;

const SECRET: &[u8] = b"24.4119N 103.4149E";

fn part(marker: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
    [&[0xff, marker], &length[..], content].concat()
}

/// EXIF that says which way up, and where it was taken.
fn exif(turned: u8) -> Vec<u8> {
    let head = [b'I', b'I', 42, 0, 8, 0, 0, 0, 2, 0];
    let entries =
        [[0x0f, 0x01, 2, 0, 1, 0, 0, 0, 65, 0, 0, 0], [0x12, 0x01, 3, 0, 1, 0, 0, 0, turned, 0, 0, 0]];
    part(0xe1, &[b"Exif\0\0", &head[..], &entries.concat(), &[0; 4], SECRET].concat())
}

/// 640 × 480, with whatever stands in front.
fn jpeg(beside: &[u8]) -> Vec<u8> {
    let size = part(0xc0, &[8, 0x01, 0xe0, 0x02, 0x80, 3]);
    let scan = [part(0xda, &[1, 2, 3]), vec![1, 2, 0xff, 0, 3, 0xff, 0xd0, 4]].concat();
    [&[0xff, 0xd8], beside, &size, &scan, &[0xff, 0xd9]].concat()
}

fn chunk(kind: &[u8], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    [&length, kind, content, &[9; 4]].concat()
}

fn png(beside: &[u8]) -> Vec<u8> {
    let size = [0, 0, 2, 128, 0, 0, 1, 224, 8, 2, 0, 0, 0];
    let signature = [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n'];
    let rest = [chunk(b"IDAT", &[1, 2]), chunk(b"IEND", &[])].concat();
    [&signature, &chunk(b"IHDR", &size)[..], beside, &rest].concat()
}

fn riff(chunks: &[(&[u8], &[u8])]) -> Vec<u8> {
    let mut body = b"WEBP".to_vec();
    for (kind, content) in chunks {
        body.extend(*kind);
        body.extend(u32::try_from(content.len()).unwrap().to_le_bytes());
        body.extend(*content);
        body.extend(std::iter::repeat_n(0, content.len() % 2));
    }
    [b"RIFF", &u32::try_from(body.len()).unwrap().to_le_bytes()[..], &body].concat()
}

/// 640 × 480.
const LOSSY: &[u8] = &[0, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0xe0, 0x01, 7];
const EXTENDED: &[u8] = &[0x0c, 0, 0, 0, 0x7f, 0x02, 0, 0xdf, 0x01, 0];

fn holds(file: &[u8], part: &[u8]) -> bool {
    file.windows(part.len()).any(|window| window == part)
}

#[rstest]
#[case::exif(Media::Jpeg, jpeg(&exif(1)), jpeg(&[]))]
#[case::comment(Media::Jpeg, jpeg(&part(0xfe, SECRET)), jpeg(&[]))]
#[case::xmp(Media::Jpeg, jpeg(&part(0xe1, SECRET)), jpeg(&[]))]
#[case::second_picture(Media::Jpeg, [jpeg(&[]), jpeg(&exif(1))].concat(), jpeg(&[]))]
#[case::colours(Media::Jpeg, jpeg(&part(0xe2, b"ICC_PROFILE\0ab")), jpeg(&part(0xe2, b"ICC_PROFILE\0ab")))]
#[case::png_exif(Media::Png, png(&chunk(b"eXIf", SECRET)), png(&[]))]
#[case::png_text(Media::Png, png(&chunk(b"tEXt", SECRET)), png(&[]))]
#[case::behind_a_png(Media::Png, [png(&[]), SECRET.to_vec()].concat(), png(&[]))]
#[case::webp(Media::Webp, riff(&[(b"VP8 ", LOSSY)]), riff(&[(b"VP8 ", LOSSY)]))]
fn l02_nothing_beside_the_picture_is_kept(
    #[case] media: Media,
    #[case] file: Vec<u8>,
    #[case] expected: Vec<u8>,
) {
    let picture = Picture::read(&file).unwrap();
    assert_eq!((picture.media, picture.width, picture.height), (media, 640, 480));
    assert!(!holds(&picture.bytes, SECRET));
    assert_eq!(picture.bytes, expected);
    // What is kept is a picture like it.
    assert_eq!(Picture::read(&picture.bytes).unwrap(), picture);
}

#[test]
fn l02_a_webp_says_no_more_that_there_is_more() {
    let file = riff(&[(b"VP8X", EXTENDED), (b"VP8 ", LOSSY), (b"EXIF", SECRET), (b"XMP ", SECRET)]);
    let picture = Picture::read(&file).unwrap();
    let mut flags = EXTENDED.to_vec();
    flags[0] = 0;
    assert_eq!(picture.bytes, riff(&[(b"VP8X", &flags), (b"VP8 ", LOSSY)]));
    assert_eq!((picture.width, picture.height), (640, 480));
}

#[test]
fn l02_which_way_up_it_is_held_stays() {
    let picture = Picture::read(&jpeg(&exif(6))).unwrap();
    assert!(!holds(&picture.bytes, SECRET));
    // Once more, out of what was written.
    assert_eq!(Picture::read(&picture.bytes).unwrap(), picture);
    assert!(holds(&picture.bytes, &[0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6]));
}

#[rstest]
#[case::nothing(vec![], PhotoRefusal::NotAPicture)]
#[case::a_text(b"<svg/>".to_vec(), PhotoRefusal::NotAPicture)]
#[case::half_a_jpeg(jpeg(&[])[..20].to_vec(), PhotoRefusal::NotAPicture)]
#[case::a_jpeg_without_a_size(vec![0xff, 0xd8, 0xff, 0xd9], PhotoRefusal::NotAPicture)]
#[case::half_a_png(png(&[])[..40].to_vec(), PhotoRefusal::NotAPicture)]
#[case::a_webp_that_moves(riff(&[(b"VP8X", EXTENDED), (b"ANMF", LOSSY)]), PhotoRefusal::NotAPicture)]
#[case::no_webp(b"RIFF\x04\0\0\0WAVE".to_vec(), PhotoRefusal::NotAPicture)]
#[case::no_pixels([&[0xff, 0xd8][..], &part(0xc0, &[8, 0, 0, 0, 0, 3]), &[0xff, 0xd9]].concat(), PhotoRefusal::Dimensions)]
#[case::too_wide([&[0xff, 0xd8][..], &part(0xc0, &[8, 0, 1, 0xff, 0xff, 3]), &[0xff, 0xd9]].concat(), PhotoRefusal::Dimensions)]
fn what_is_no_photo_is_refused(#[case] file: Vec<u8>, #[case] expected: PhotoRefusal) {
    assert_eq!(Picture::read(&file), Err(expected));
}

proptest! {
    /// Whatever is sent, nothing breaks.
    #[test]
    fn nothing_breaks(kind in 0..3_usize, cut in 0..200_usize, at in 0..120_usize, byte: u8) {
        let extended = riff(&[(b"VP8X", EXTENDED), (b"VP8 ", LOSSY), (b"EXIF", SECRET)]);
        let mut file = [jpeg(&exif(3)), png(&chunk(b"tEXt", SECRET)), extended][kind].clone();
        file.truncate(cut);
        if let Some(one) = file.get_mut(at) {
            *one = byte;
        }
        if let Ok(picture) = Picture::read(&file) {
            prop_assert_eq!(Picture::read(&picture.bytes), Ok(picture));
        }
    }
}
