"""The *file-drop* adapter: signed files in a folder or over SFTP, for ministries with batch systems."""
