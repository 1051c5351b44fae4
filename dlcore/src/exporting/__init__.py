"""Models as files of other programs: SavedModel, OpenVINO, torch.export."""
